package sluicebench.flink;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;

/**
 * The input, a split for each partition. The harness sends each event once: a checkpoint notes that
 * a partition is being read, and cannot rewind it.
 */
final class PartitionedSource<E extends Event> implements Source<E, Partition, Void> {
    private final Harness harness;
    private final int partitions;
    private final EventLayout<E> layout;
    private final Ticks ticks;

    PartitionedSource(Harness harness, int partitions, EventLayout<E> layout, Ticks ticks) {
        this.harness = harness;
        this.partitions = partitions;
        this.layout = layout;
        this.ticks = ticks;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<E, Partition> createReader(SourceReaderContext context) {
        return new PartitionReader<>(harness, partitions, layout, ticks);
    }

    @Override
    public SplitEnumerator<Partition, Void> createEnumerator(
            SplitEnumeratorContext<Partition> context) {
        return new PartitionEnumerator(context);
    }

    @Override
    public SplitEnumerator<Partition, Void> restoreEnumerator(
            SplitEnumeratorContext<Partition> context, Void nothing) {
        return new PartitionEnumerator(context);
    }

    @Override
    public SimpleVersionedSerializer<Partition> getSplitSerializer() {
        return new Partition.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<Void> getEnumeratorCheckpointSerializer() {
        return new NothingSerializer();
    }

    /** Of an enumerator that has nothing to remember. */
    private static final class NothingSerializer implements SimpleVersionedSerializer<Void> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Void nothing) {
            return new byte[0];
        }

        @Override
        public Void deserialize(int version, byte[] bytes) {
            return null;
        }
    }
}
