package sluicebench.spark.structured;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeRead;
import org.apache.spark.sql.types.StructType;

import java.io.IOException;
import java.io.InterruptedIOException;

/** The rows of a partition in real-time mode: Spark says how long each may be waited for. */
final class FlowingRows implements SupportsRealTimeRead<InternalRow> {
    private final ComingRows rows;

    FlowingRows(EventStream.From from, StructType columns) {
        this.rows = new ComingRows(from, columns);
    }

    @Override
    public RecordStatus nextWithTimeout(Long now, Long millis) throws IOException {
        try {
            rows.await(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while it waits for events");
        }
        return RecordStatus.newStatusWithoutArrivalTime(next());
    }

    @Override
    public boolean next() {
        return rows.next();
    }

    @Override
    public InternalRow get() {
        return rows.get();
    }

    @Override
    public PartitionOffset getOffset() {
        return rows.offset();
    }

    @Override
    public void close() {}
}
