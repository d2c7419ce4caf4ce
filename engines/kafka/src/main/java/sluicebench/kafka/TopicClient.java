package sluicebench.kafka;

import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.Supplier;
import sluicebench.jvm.Topics;

/** Kafka's own consumer and producer, each on the one partition that it is for. */
public final class TopicClient implements Topics.Client {
    @Override
    public ReadableByteChannel events(Topics topics, int partition, SocketChannel harness) {
        return withOwnClasses(() -> new EventChannel(topics, partition, harness));
    }

    @Override
    public WritableByteChannel answers(Topics topics, int index, SocketChannel harness) {
        return withOwnClasses(() -> new AnswerChannel(topics, index, harness));
    }

    /** Kafka looks for classes by name where the thread says, which is with the engine. */
    private static <T> T withOwnClasses(Supplier<T> make) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(TopicClient.class.getClassLoader());
        try {
            return make.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
