package sluicebench.spark.dstream;

import org.apache.spark.storage.StorageLevel;
import org.apache.spark.streaming.receiver.Receiver;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Frame;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SourceConnection;

import java.nio.ByteBuffer;

/**
 * Receives a partition. Spark makes blocks of its events, and batches of blocks. Marks say nothing
 * to it: there is no event time.
 */
final class PartitionReceiver<E extends Event> extends Receiver<E> {
    private final Harness harness;
    private final int partition;
    private final int partitions;
    private final EventLayout<E> layout;
    private final Reception reception;
    private long events;

    PartitionReceiver(
            Harness harness,
            int partition,
            int partitions,
            EventLayout<E> layout,
            Reception reception) {
        super(StorageLevel.MEMORY_AND_DISK());
        this.harness = harness;
        this.partition = partition;
        this.partitions = partitions;
        this.layout = layout;
        this.reception = reception;
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
                        reception.ended(partition, events);
                        return;
                    }
                }
            }
        } catch (Exception e) {
            // Spark's own way to the driver, which is there whatever has failed.
            reportError("partition " + partition + " was not received to its end", e);
        }
    }

    private void storeAll(ByteBuffer frame) {
        while (frame.hasRemaining()) {
            store(layout.read(frame));
            events++;
        }
    }
}
