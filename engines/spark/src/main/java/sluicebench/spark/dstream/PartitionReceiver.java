package sluicebench.spark.dstream;

import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.receiver.Receiver;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Frame;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SourceConnection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Receives a partition. Spark makes blocks of its events, and batches of blocks. Marks say nothing
 * to it: there is no event time.
 */
final class PartitionReceiver<E extends Event> extends Receiver<E> {
    /** Of all receivers of this process, in which driver and receivers run together. */
    static final AtomicLong EVENTS = new AtomicLong();

    static final AtomicInteger ENDED = new AtomicInteger();
    static final AtomicReference<IOException> FAILURE = new AtomicReference<>();

    private final Harness harness;
    private final int partition;
    private final int partitions;
    private final EventLayout<E> layout;

    PartitionReceiver(Harness harness, int partition, int partitions, EventLayout<E> layout) {
        super(StorageLevel.MEMORY_AND_DISK());
        this.harness = harness;
        this.partition = partition;
        this.partitions = partitions;
        this.layout = layout;
    }

    @Override
    public void onStart() {
        Thread thread = new Thread(this::receive, "sluice-source-" + partition);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void onStop() {}

    private void receive() {
        try (SourceConnection connection = new SourceConnection(harness, partition, partitions)) {
            while (true) {
                Frame frame = connection.next();
                switch (frame.kind()) {
                    case RECORDS -> storeAll(frame.body());
                    case MARK -> {}
                    case END -> {
                        ENDED.incrementAndGet();
                        return;
                    }
                }
            }
        } catch (IOException e) {
            FAILURE.compareAndSet(null, e);
        }
    }

    private void storeAll(ByteBuffer frame) {
        long events = 0;
        while (frame.hasRemaining()) {
            store(layout.read(frame));
            events++;
        }
        EVENTS.addAndGet(events);
    }
}
