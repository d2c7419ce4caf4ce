package sluicebench.spark.structured;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeRead;
import org.apache.spark.sql.types.StructType;

import java.io.IOException;
import java.io.InterruptedIOException;

/** The rows of a partition as they come: those that are there, one range after another. */
final class FlowingRows implements SupportsRealTimeRead<InternalRow> {
    private final int partition;
    private final StructType columns;
    private final Input input;
    private final PartitionLog log;

    private EventRows rows;

    /** The number of the first event behind those rows, and of the next one. */
    private long until;

    private long next;

    FlowingRows(FlowingStream.From from, StructType columns) {
        this.partition = from.partition();
        this.columns = columns;
        this.input = Input.ofThisProcess();
        this.log = input.partitions().get(partition);
        // Not before a task is there to take what comes.
        input.open(partition);
        this.next = from.first();
        open(next);
    }

    @Override
    public RecordStatus nextWithTimeout(Long now, Long millis) throws IOException {
        if (next == until) {
            try {
                // What was read before has left through the sink, in this thread.
                log.done(next);
                log.await(next, millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while it waits for events");
            }
            open(log.offer(next));
        }
        return RecordStatus.newStatusWithoutArrivalTime(next());
    }

    private void open(long until) {
        this.until = until;
        EventStream.Range range = new EventStream.Range(partition, next, until);
        rows = new EventRows(range, columns, input.shape, null);
    }

    @Override
    public boolean next() {
        boolean isThere = rows.next();
        next += isThere ? 1 : 0;
        return isThere;
    }

    @Override
    public InternalRow get() {
        return rows.get();
    }

    @Override
    public PartitionOffset getOffset() {
        return new FlowingStream.Until(partition, next);
    }

    @Override
    public void close() {}
}
