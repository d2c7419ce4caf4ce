package sluicebench.flink.conform;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

import sluicebench.jvm.conform.Item;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The items of a case in their order, each when the stage lets it. A checkpoint notes how many. */
final class Replay implements Source<Element, Replay.Position, Replay.Position> {
    private static final long serialVersionUID = 1;

    /** How many items were given out; of an enumerator's state, whether the split was assigned. */
    record Position(int given) implements SourceSplit {
        @Override
        public String splitId() {
            return "items";
        }
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<Element, Position> createReader(SourceReaderContext context) {
        return new Reader();
    }

    @Override
    public SplitEnumerator<Position, Position> createEnumerator(
            SplitEnumeratorContext<Position> context) {
        return new Enumerator(context, false);
    }

    @Override
    public SplitEnumerator<Position, Position> restoreEnumerator(
            SplitEnumeratorContext<Position> context, Position checkpoint) {
        return new Enumerator(context, checkpoint.given() > 0);
    }

    @Override
    public SimpleVersionedSerializer<Position> getSplitSerializer() {
        return new Serializer();
    }

    @Override
    public SimpleVersionedSerializer<Position> getEnumeratorCheckpointSerializer() {
        return new Serializer();
    }

    private static final class Reader implements SourceReader<Element, Position> {
        private final Stage stage = Stage.current();
        private Position position;

        @Override
        public void start() {}

        @Override
        public void addSplits(List<Position> splits) {
            position = splits.get(0);
        }

        @Override
        public InputStatus pollNext(ReaderOutput<Element> output) {
            Item item = position == null ? null : stage.take(position.given());
            if (item == null) {
                return InputStatus.NOTHING_AVAILABLE;
            }
            if (item.endsStream() && stage.endsInput()) {
                return InputStatus.END_OF_INPUT;
            }
            if (!item.restores()) {
                output.collect(Element.of(item));
            }
            position = new Position(position.given() + 1);
            stage.gave(position.given());
            return InputStatus.MORE_AVAILABLE;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return stage.available(position == null ? 0 : position.given());
        }

        @Override
        public List<Position> snapshotState(long checkpoint) {
            return position == null ? List.of() : List.of(position);
        }

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public void close() {}
    }

    private static final class Enumerator implements SplitEnumerator<Position, Position> {
        private final SplitEnumeratorContext<Position> context;
        private boolean isAssigned;

        Enumerator(SplitEnumeratorContext<Position> context, boolean isAssigned) {
            this.context = context;
            this.isAssigned = isAssigned;
        }

        @Override
        public void start() {}

        @Override
        public void addReader(int subtask) {
            if (!isAssigned) {
                isAssigned = true;
                context.assignSplit(new Position(0), subtask);
            }
        }

        @Override
        public void handleSplitRequest(int subtask, String hostname) {}

        @Override
        public void addSplitsBack(List<Position> splits, int subtask) {
            isAssigned &= splits.isEmpty();
        }

        @Override
        public Position snapshotState(long checkpoint) {
            return new Position(isAssigned ? 1 : 0);
        }

        @Override
        public void close() {}
    }

    private static final class Serializer implements SimpleVersionedSerializer<Position> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Position position) {
            return ByteBuffer.allocate(Integer.BYTES).putInt(position.given()).array();
        }

        @Override
        public Position deserialize(int version, byte[] bytes) {
            return new Position(ByteBuffer.wrap(bytes).getInt());
        }
    }
}
