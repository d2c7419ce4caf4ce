package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReadMaxRows;
import org.apache.spark.sql.connector.read.streaming.SupportsAdmissionControl;
import org.apache.spark.sql.types.StructType;

import sluicebench.spark.Relay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The input, cut into batches: a task for each partition, with what has come since the last one.
 */
class EventStream implements MicroBatchStream, SupportsAdmissionControl {
    /**
     * Events of a partition, from one number to before another; {@link #CLOSING} is none of them.
     */
    record Range(int partition, long from, long until) implements InputPartition {
        static final int CLOSING = -1;
    }

    /** Events of a partition, from this number on. */
    record From(int partition, long first) implements InputPartition {}

    /** Up to which event of a partition a task has read. */
    record Until(int partition, long next) implements PartitionOffset {}

    final Input input;
    final StructType columns;
    private final long maxRecords;

    EventStream(Input input, StructType columns, long maxRecords) {
        this.input = input;
        this.columns = columns;
        this.maxRecords = maxRecords;
    }

    @Override
    public Offset initialOffset() {
        return new EventOffset(new long[input.partitions().size()], false);
    }

    @Override
    public ReadLimit getDefaultReadLimit() {
        return maxRecords > 0 ? ReadLimit.maxRows(maxRecords) : ReadLimit.allAvailable();
    }

    @Override
    public Offset latestOffset() {
        throw new UnsupportedOperationException("a source with limits is asked for the other one");
    }

    @Override
    public Offset latestOffset(Offset start, ReadLimit limit) {
        try {
            return latest((EventOffset) start, limit);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private EventOffset latest(EventOffset from, ReadLimit limit) throws IOException {
        // Asked first, so that what came before the end is seen.
        boolean isClosed = input.hasEnded() && input.closes();
        List<PartitionLog> partitions = input.partitions();
        long[] until = new long[partitions.size()];
        for (int index = 0; index < until.length; index++) {
            PartitionLog partition = partitions.get(index);
            until[index] = partition.offer(from.until[index]);
            if (limit instanceof ReadMaxRows rows) {
                long share = Math.max(rows.maxRows() / until.length, 1);
                until[index] = Math.min(until[index], from.until[index] + share);
            }
            isClosed &= until[index] == partition.end();
        }
        return new EventOffset(until, isClosed);
    }

    @Override
    public InputPartition[] planInputPartitions(Offset start, Offset end) {
        EventOffset from = (EventOffset) start;
        EventOffset until = (EventOffset) end;
        List<InputPartition> ranges = new ArrayList<>();
        for (int index = 0; index < until.until.length; index++) {
            ranges.add(new Range(index, from.until[index], until.until[index]));
        }
        if (until.isClosed && !from.isClosed) {
            ranges.add(new Range(Range.CLOSING, 0, 1));
        }
        return ranges.toArray(new InputPartition[0]);
    }

    /** The input where a task for each partition takes events as they come. */
    public InputPartition[] planInputPartitions(Offset start) {
        long[] from = ((EventOffset) start).until;
        InputPartition[] partitions = new InputPartition[from.length];
        for (int index = 0; index < from.length; index++) {
            partitions[index] = new From(index, from[index]);
        }
        return partitions;
    }

    /** How far such tasks have read. */
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
        Shape shape = input.shape;
        Relay relay = input.relay();
        return range -> new EventRows((Range) range, columns, shape, relay);
    }

    @Override
    public Offset deserializeOffset(String json) {
        return EventOffset.parse(json);
    }

    @Override
    public void commit(Offset end) {}

    @Override
    public void stop() {}
}
