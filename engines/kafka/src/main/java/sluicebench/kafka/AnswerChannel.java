package sluicebench.kafka;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import sluicebench.jvm.Topics;

/** A partition of the topic of answers. Each write is a frame, and so a message. */
final class AnswerChannel implements WritableByteChannel {
    private static final byte END = 3;

    /** As long as any frame of answers. */
    private static final int REQUEST_MAX = 16 << 20;

    private static final int BATCH_LENGTH = 128 << 10;
    private static final int REQUEST_MS = 5_000;
    private static final int DELIVERY_MS = 10_000;
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final String topic;
    private final int partition;
    private final SocketChannel harness;
    private final KafkaProducer<byte[], byte[]> producer;

    private volatile Exception failure;
    private volatile boolean isOpen = true;

    AnswerChannel(Topics topics, int partition, SocketChannel harness) {
        this.topic = topics.answers;
        this.partition = partition;
        this.harness = harness;
        boolean isAll = topics.acks.equals("all");
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, topics.brokers);
        settings.put(ProducerConfig.ACKS_CONFIG, topics.acks);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, topics.lingerMs);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_LENGTH);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, REQUEST_MAX);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MS);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MS);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, DELIVERY_MS);
        // An answer is never given twice, nor before one that was given earlier.
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, isAll);
        if (!isAll) {
            settings.put(ProducerConfig.RETRIES_CONFIG, 0);
        }
        this.producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        // What is asked for now does not hold up the first answer.
        producer.partitionsFor(topic);
    }

    @Override
    public int write(ByteBuffer frame) throws IOException {
        failIfItFailed();
        int length = frame.remaining();
        byte[] bytes = new byte[length];
        frame.get(bytes);
        try {
            producer.send(
                    new ProducerRecord<>(topic, partition, null, bytes),
                    (told, why) -> failure = why == null || failure != null ? failure : why);
            if (bytes[0] == END) {
                producer.flush();
            }
        } catch (KafkaException e) {
            throw refused(e);
        }
        failIfItFailed();
        return length;
    }

    private void failIfItFailed() throws IOException {
        if (failure != null) {
            throw refused(failure);
        }
    }

    private static IOException refused(Exception why) {
        return new IOException("the broker takes no answers: " + why.getMessage());
    }

    @Override
    public boolean isOpen() {
        return isOpen;
    }

    @Override
    public void close() throws IOException {
        isOpen = false;
        producer.close(CLOSE);
        harness.close();
    }
}
