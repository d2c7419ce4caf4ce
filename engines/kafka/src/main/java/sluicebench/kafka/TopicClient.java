package sluicebench.kafka;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import org.apache.kafka.common.KafkaException;
import sluicebench.jvm.Topics;

/** Kafka's own consumer and producer, each on the one partition that it is for. */
public final class TopicClient implements Topics.Client {
    private interface Making<T> {
        T make() throws IOException;
    }

    @Override
    public ReadableByteChannel events(Topics topics, int partition, Topics.Dial harness)
            throws IOException {
        return withOwnClasses(() -> new EventChannel(topics, partition, harness));
    }

    @Override
    public WritableByteChannel answers(Topics topics, int index, SocketChannel harness)
            throws IOException {
        return withOwnClasses(() -> new AnswerChannel(topics, index, harness));
    }

    /** Kafka looks for classes by name where the thread says, which is with the engine. */
    private static <T> T withOwnClasses(Making<T> making) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(TopicClient.class.getClassLoader());
        try {
            return making.make();
        } catch (KafkaException e) {
            throw new IOException("the broker: " + e.getMessage(), e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
