package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.streaming.ContinuousPartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.ContinuousStream;
import org.apache.spark.sql.types.StructType;

/**
 * The input in continuous mode: a task for each partition takes events as they come, and an epoch
 * ends where Spark asks how far they are.
 */
final class EpochStream extends EventStream implements ContinuousStream {
    EpochStream(Input input, StructType columns) {
        super(input, columns, 0);
    }

    @Override
    public ContinuousPartitionReaderFactory createContinuousReaderFactory() {
        StructType columns = this.columns;
        return from -> new EpochRows((From) from, columns);
    }
}
