package sluicebench.kafka;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import sluicebench.jvm.Topics;

/**
 * A partition of the topic of events, from its beginning. The broker takes what the engine does
 * not; so that the harness knows how much that is, it is told how many messages were taken.
 */
final class EventChannel implements ReadableByteChannel {
    private static final Duration POLL = Duration.ofSeconds(1);

    private final SocketChannel harness;
    private final KafkaConsumer<ByteBuffer, ByteBuffer> consumer;
    private final ByteBuffer taken =
            ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private Iterator<ConsumerRecord<ByteBuffer, ByteBuffer>> polled = Collections.emptyIterator();
    private ByteBuffer message = ByteBuffer.allocate(0);

    /** How many messages were polled, and how many the harness knows to be taken. */
    private long messages;

    private long told;

    private volatile boolean isOpen = true;

    EventChannel(Topics topics, int partition, Topics.Dial harness) throws IOException {
        Map<String, Object> settings =
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        topics.brokers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false);
        this.consumer =
                new KafkaConsumer<>(
                        settings, new ByteBufferDeserializer(), new ByteBufferDeserializer());
        TopicPartition own = new TopicPartition(topics.events, partition);
        consumer.assign(List.of(own));
        consumer.seek(own, 0);
        // What is asked for now does not hold up the first event.
        consumer.endOffsets(List.of(own));
        this.polled = consumer.poll(Duration.ZERO).iterator();
        this.harness = harness.dial();
    }

    @Override
    public synchronized int read(ByteBuffer bytes) throws IOException {
        while (!message.hasRemaining()) {
            if (!polled.hasNext()) {
                poll();
            } else {
                message = polled.next().value();
                messages++;
            }
        }
        int length = Math.min(message.remaining(), bytes.remaining());
        bytes.put(bytes.position(), message, message.position(), length);
        bytes.position(bytes.position() + length);
        message.position(message.position() + length);
        // The last one, too, behind which nobody reads.
        if (!message.hasRemaining() && !polled.hasNext()) {
            tellTaken();
        }
        return length;
    }

    private void poll() throws IOException {
        try {
            if (isOpen) {
                polled = consumer.poll(POLL).iterator();
            }
        } catch (WakeupException e) {
            throw new AsynchronousCloseException();
        }
        if (!isOpen) {
            throw new AsynchronousCloseException();
        }
    }

    private void tellTaken() throws IOException {
        if (messages > told) {
            taken.clear().putLong(messages).flip();
            while (taken.hasRemaining()) {
                harness.write(taken);
            }
            told = messages;
        }
    }

    @Override
    public boolean isOpen() {
        return isOpen;
    }

    /** A consumer is one thread's; another one may wake it up. */
    @Override
    public void close() throws IOException {
        isOpen = false;
        consumer.wakeup();
        synchronized (this) {
            consumer.close(Duration.ZERO);
        }
        harness.close();
    }
}
