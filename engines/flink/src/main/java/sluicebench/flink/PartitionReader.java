package sluicebench.flink;

import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.io.InputStatus;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Frame;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SourceConnection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Reads a partition: a thread of its own waits for the socket, and the task's thread makes events
 * of what has come. Marks become watermarks where they stand, so which events are late is no race.
 */
final class PartitionReader<E extends Event> implements SourceReader<E, Partition> {
    private static final CompletableFuture<Void> NOW = CompletableFuture.completedFuture(null);

    private final Harness harness;
    private final int partitions;
    private final EventLayout<E> layout;

    private final Ticks ticks;

    private final Handover handover = new Handover();

    private List<Partition> assigned = List.of();
    private SourceConnection connection;
    private Thread thread;

    /** What is left of the frame at hand. */
    private ByteBuffer records = ByteBuffer.allocate(0);

    PartitionReader(Harness harness, int partitions, EventLayout<E> layout, Ticks ticks) {
        this.harness = harness;
        this.partitions = partitions;
        this.layout = layout;
        this.ticks = ticks;
    }

    @Override
    public void start() {}

    @Override
    public void addSplits(List<Partition> splits) {
        assigned = splits;
        int index = splits.get(0).index();
        try {
            connection = new SourceConnection(harness, index, partitions);
        } catch (IOException e) {
            handover.fail(e);
            return;
        }
        thread = new Thread(() -> handover.fill(connection), "sluice-source-" + index);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public InputStatus pollNext(ReaderOutput<E> output) throws IOException {
        if (records.hasRemaining()) {
            E event = layout.read(records);
            output.collect(event, ticks.of(event.eventTime));
            return InputStatus.MORE_AVAILABLE;
        }
        Frame frame = handover.poll();
        if (frame == null) {
            return InputStatus.NOTHING_AVAILABLE;
        }
        switch (frame.kind()) {
            case RECORDS -> records = frame.body();
            case MARK -> output.emitWatermark(new Watermark(ticks.passedBy(frame.mark())));
            case END -> {
                return InputStatus.END_OF_INPUT;
            }
        }
        return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return records.hasRemaining() ? NOW : handover.available();
    }

    @Override
    public List<Partition> snapshotState(long checkpoint) {
        return assigned;
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() throws IOException {
        if (connection != null) {
            thread.interrupt();
            connection.close();
        }
    }
}
