package sluicebench.flink;

import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

import java.nio.ByteBuffer;

/** A partition of the input, by its number. */
record Partition(int index) implements SourceSplit {
    @Override
    public String splitId() {
        return Integer.toString(index);
    }

    static final class Serializer implements SimpleVersionedSerializer<Partition> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Partition partition) {
            return ByteBuffer.allocate(Integer.BYTES).putInt(partition.index()).array();
        }

        @Override
        public Partition deserialize(int version, byte[] bytes) {
            return new Partition(ByteBuffer.wrap(bytes).getInt());
        }
    }
}
