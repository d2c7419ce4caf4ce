package sluicebench.spark.structured;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.streaming.ContinuousPartitionReader;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.types.StructType;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** The rows of a partition in continuous mode, where the next one is waited for however long. */
final class EpochRows implements ContinuousPartitionReader<InternalRow> {
    private static final long WAIT_MS = 1000;

    private final ComingRows rows;

    EpochRows(EventStream.From from, StructType columns) {
        this.rows = new ComingRows(from, columns);
    }

    /** None is left only when Spark does not want any more: it interrupts this thread then. */
    @Override
    public boolean next() throws IOException {
        try {
            while (!rows.next()) {
                if (rows.isOver()) {
                    new CountDownLatch(1).await();
                }
                rows.await(WAIT_MS);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
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
