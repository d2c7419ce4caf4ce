package sluicebench.spark.structured;

import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;
import sluicebench.spark.Relay;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Where the answers of the query go: a connection for each of its last tasks, from the driver, which
 * stays open from batch to batch. Tasks in executors hand theirs to the driver.
 */
final class Answers {
    private static SinkConnection<Row>[] byPartition;

    /** How many answers each partition has given. */
    private static AtomicLongArray given;

    private Answers() {}

    /** Dials the harness for each partition of the answers. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static void open(Harness harness, int partitions, AnswerLayout<Row> layout) throws IOException {
        given = new AtomicLongArray(partitions);
        byPartition = new SinkConnection[partitions];
        for (int index = 0; index < partitions; index++) {
            byPartition[index] = new SinkConnection<>(harness, index, partitions, layout);
        }
    }

    /** How many answers were given, by tasks of this process. */
    static long given() {
        long sum = 0;
        for (int index = 0; index < given.length(); index++) {
            sum += given.get(index);
        }
        return sum;
    }

    /** All answers were given. */
    static void end() throws IOException {
        for (SinkConnection<?> connection : byPartition) {
            connection.end();
        }
    }

    /** Sends the answers of a task. */
    static final class Writer extends ForeachWriter<Row> {
        private transient SinkConnection<Row> connection;
        private transient int partition;

        @Override
        public boolean open(long partition, long batch) {
            this.partition = (int) partition;
            connection = byPartition[(int) partition];
            return true;
        }

        @Override
        public void process(Row answer) {
            try {
                connection.send(answer);
                // Nobody else counts here.
                given.lazySet(partition, given.get(partition) + 1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close(Throwable error) {
            if (error == null) {
                try {
                    connection.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    /** Sends the answers of a task in an executor to the driver. */
    static final class RelayedWriter extends ForeachWriter<Row> {
        private final Relay relay;
        private final Columns columns;
        private transient Relay.Sender sender;
        private transient ByteBuffer answer;

        RelayedWriter(Relay relay, Columns columns) {
            this.relay = relay;
            this.columns = columns;
        }

        @Override
        public boolean open(long partition, long batch) {
            answer = ByteBuffer.allocate(columns.length()).order(ByteOrder.LITTLE_ENDIAN);
            try {
                sender = relay.answer((int) partition);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return true;
        }

        @Override
        public void process(Row row) {
            columns.write(row, answer.clear());
            try {
                sender.send(answer.flip());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close(Throwable error) {
            try {
                if (error == null) {
                    sender.finish();
                } else if (sender != null) {
                    sender.abort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Of rows whose columns are numbers of 64 bits, and perhaps bytes behind them. */
    record Columns(int longs, int bytes) implements AnswerLayout<Row>, Serializable {
        @Override
        public int length() {
            return longs * Long.BYTES + bytes;
        }

        @Override
        public void write(Row row, ByteBuffer frame) {
            for (int at = 0; at < longs; at++) {
                frame.putLong(row.getLong(at));
            }
            if (bytes > 0) {
                frame.put(row.<byte[]>getAs(longs));
            }
        }
    }
}
