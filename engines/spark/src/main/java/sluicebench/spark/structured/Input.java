package sluicebench.spark.structured;

import sluicebench.jvm.Harness;
import sluicebench.jvm.SourceConnection;
import sluicebench.spark.Relay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;

/**
 * The input of the query in this process, which is the driver: a class of a source is made by name,
 * so what it reads stands here for all to find. Tasks run here as well, with a local master, or in
 * executors, which read through the {@link Relay}.
 *
 * <p>Nothing but newer events moves Spark's watermark. Behind the last event of a windowed question
 * stands one more, which is made up and so late that every window of the others is complete.
 */
final class Input {
    private static Input only;

    /** Where executors read; none where tasks run here. */
    private Relay relay;

    final Shape shape;
    private final Harness harness;
    private final List<PartitionLog> partitions;

    /** How long after the last event the made-up one happens, in microseconds; 0: there is none. */
    private final long closesAfter;

    private Input(Harness harness, Shape shape, List<PartitionLog> partitions, long closesAfter) {
        this.harness = harness;
        this.shape = shape;
        this.partitions = partitions;
        this.closesAfter = closesAfter;
    }

    /** Makes the one of this process, with logs that hold so many bytes together. */
    static Input of(Harness harness, Shape shape, int partitions, long bytesMax, long closesAfter) {
        List<PartitionLog> logs =
                Stream.generate(() -> new PartitionLog(shape, bytesMax / partitions))
                        .limit(partitions)
                        .toList();
        only = new Input(harness, shape, logs, closesAfter);
        return only;
    }

    /** Dials the harness for each partition and starts to read: the query is under way. */
    void open() {
        for (int index = 0; index < partitions.size(); index++) {
            open(index);
        }
    }

    /** The same for one partition, the first time. */
    void open(int index) {
        PartitionLog log = partitions.get(index);
        if (!log.begin()) {
            return;
        }
        SourceConnection connection;
        try {
            connection = new SourceConnection(harness, index, partitions.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread thread = new Thread(() -> log.fill(connection), "sluice-source-" + index);
        thread.setDaemon(true);
        thread.start();
    }

    /** Tasks run in executors, which read there. */
    void readThrough(Relay relay) {
        this.relay = relay;
    }

    Relay relay() {
        return relay;
    }

    /** The one of this process. */
    static Input ofThisProcess() {
        return only;
    }

    /** What holds the events of a range, or the one behind the last. */
    List<PartitionLog.Block> blocks(int partition, long from, long until) {
        return partition == EventStream.Range.CLOSING
                ? PartitionLog.madeUp(closing())
                : partitions.get(partition).blocks(from, until);
    }

    List<PartitionLog> partitions() {
        return partitions;
    }

    /** Whether nothing more will come; throws where reading any partition has failed. */
    boolean hasEnded() throws IOException {
        boolean haveAll = true;
        for (PartitionLog partition : partitions) {
            haveAll &= partition.hasEnded();
        }
        return haveAll;
    }

    /** How many events have come. */
    long events() {
        return partitions.stream().mapToLong(PartitionLog::end).sum();
    }

    /** Whether an event has to be made up behind the last one. */
    boolean closes() {
        return closesAfter > 0 && greatestEventTime() > Long.MIN_VALUE;
    }

    /** The event behind the last one. */
    ByteBuffer closing() {
        ByteBuffer event = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        if (shape == Shape.LINE) {
            // Spark drops a line without words before its watermark sees it.
            event.putInt(Shape.WORDS_AT, 1);
        }
        return event.putLong(Shape.EVENT_TIME_AT, greatestEventTime() + closesAfter);
    }

    private long greatestEventTime() {
        return partitions.stream().mapToLong(PartitionLog::greatestEventTime).max().orElseThrow();
    }
}
