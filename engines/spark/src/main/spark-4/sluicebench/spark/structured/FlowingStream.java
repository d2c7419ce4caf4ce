package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeMode;
import org.apache.spark.sql.types.StructType;

/**
 * The input in real-time mode: a batch is a stretch of time, in which a task for each partition
 * takes events as they come. Up to which event it reached is known when it is over.
 */
final class FlowingStream extends EventStream implements SupportsRealTimeMode {
    /** Events of a partition, from this number on. */
    record From(int partition, long first) implements InputPartition {}

    /** Up to which event of a partition a task has read. */
    record Until(int partition, long next) implements PartitionOffset {}

    FlowingStream(Input input, StructType columns) {
        super(input, columns, 0);
    }

    @Override
    public InputPartition[] planInputPartitions(Offset start) {
        long[] from = ((EventOffset) start).until;
        InputPartition[] partitions = new InputPartition[from.length];
        for (int index = 0; index < from.length; index++) {
            partitions[index] = new From(index, from[index]);
        }
        return partitions;
    }

    @Override
    public Offset mergeOffsets(PartitionOffset[] offsets) {
        long[] until = new long[offsets.length];
        for (PartitionOffset offset : offsets) {
            Until partition = (Until) offset;
            until[partition.partition()] = partition.next();
        }
        return new EventOffset(until, false);
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        StructType columns = this.columns;
        return from -> new FlowingRows((From) from, columns);
    }
}
