package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeMode;
import org.apache.spark.sql.types.StructType;

/**
 * The input in real-time mode: a batch is a stretch of time, in which a task for each partition
 * takes events as they come. Up to which event it reached is known when it is over.
 */
final class FlowingStream extends EventStream implements SupportsRealTimeMode {
    FlowingStream(Input input, StructType columns) {
        super(input, columns, 0);
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        StructType columns = this.columns;
        return from -> new FlowingRows((From) from, columns);
    }
}
