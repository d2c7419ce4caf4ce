package sluicebench.spark.structured;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;

import java.io.IOException;

/** The rows of a partition as they come: those that are there, one range after another. */
final class ComingRows {
    private final int partition;
    private final StructType columns;
    private final Input input;
    private final PartitionLog log;

    private EventRows rows;

    /** The number of the first event behind those rows, and of the next one. */
    private long until;

    private long next;

    ComingRows(EventStream.From from, StructType columns) {
        this.partition = from.partition();
        this.columns = columns;
        this.input = Input.ofThisProcess();
        this.log = input.partitions().get(partition);
        // Not before a task is there to take what comes.
        input.open(partition);
        this.next = from.first();
        open(next);
    }

    /** Waits until there is a row or nothing more will come, but not longer than this. */
    void await(long millis) throws IOException, InterruptedException {
        if (next == until) {
            log.await(next, millis);
            open(log.offer(next));
        }
    }

    private void open(long until) {
        this.until = until;
        EventStream.Range range = new EventStream.Range(partition, next, until);
        rows = new EventRows(range, columns, input.shape, null);
    }

    /** Goes on to the next row, if it is there. */
    boolean next() {
        boolean isThere = rows.next();
        next += isThere ? 1 : 0;
        return isThere;
    }

    InternalRow get() {
        return rows.get();
    }

    /** How far it is. */
    EventStream.Until offset() {
        return new EventStream.Until(partition, next);
    }

    /** Whether there is no row any more, and never will be. */
    boolean isOver() throws IOException {
        return next == until && log.hasEnded() && log.end() == next;
    }
}
