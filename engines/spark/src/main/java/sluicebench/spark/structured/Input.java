package sluicebench.spark.structured;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SourceConnection;

/**
 * The input of the query in this process, which Spark's source reads: driver and tasks run here
 * together, and a class of a source is made by name, so what it reads stands here for all to find.
 *
 * <p>Nothing but newer events moves Spark's watermark. Behind the last event of a windowed question
 * stands one more, which is made up and so late that every window of the others is complete.
 */
final class Input {
    private static Input only;

    final Shape shape;
    private final List<PartitionLog> partitions;
    /** How long after the last event the made-up one happens, in microseconds; 0: there is none. */
    private final long closesAfter;

    private Input(Shape shape, List<PartitionLog> partitions, long closesAfter) {
        this.shape = shape;
        this.partitions = partitions;
        this.closesAfter = closesAfter;
    }

    /** Dials the harness for each partition and starts to read. */
    static Input open(
            Harness harness, int partitions, Shape shape, long bytesMax, long closesAfter)
            throws IOException {
        PartitionLog[] logs = new PartitionLog[partitions];
        for (int index = 0; index < partitions; index++) {
            SourceConnection connection = new SourceConnection(harness, index, partitions);
            long share = bytesMax / partitions;
            PartitionLog log = new PartitionLog(connection, shape, share, closesAfter > 0);
            Thread thread = new Thread(log::fill, "sluice-source-" + index);
            thread.setDaemon(true);
            thread.start();
            logs[index] = log;
        }
        only = new Input(shape, List.of(logs), closesAfter);
        return only;
    }

    /** The one of this process. */
    static Input ofThisProcess() {
        return only;
    }

    List<PartitionLog> partitions() {
        return partitions;
    }

    /** Whether nothing more will come. */
    boolean hasEnded() {
        return partitions.stream().allMatch(PartitionLog::hasEnded);
    }

    /** Whether an event has to be made up behind the last one. */
    boolean closes() {
        return closesAfter > 0 && greatestEventTime() > Long.MIN_VALUE;
    }

    /** The event behind the last one. */
    ByteBuffer closing() {
        ByteBuffer event = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        return event.putLong(Shape.EVENT_TIME_AT, greatestEventTime() + closesAfter);
    }

    private long greatestEventTime() {
        return partitions.stream().mapToLong(PartitionLog::greatestEventTime).max().orElseThrow();
    }
}
