package sluicebench.jvm;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * The way by a Kafka broker, where frames go through topics and not over the connections to the
 * harness: a frame is a message, on the partition of the source or of the sink. What it takes is
 * not on the class path of the engine, which may have a client of its own. It is no record: Kryo,
 * with which Spark ships receivers, takes none.
 */
public final class Topics implements Serializable {
    /** Whoever knows Kafka's client. */
    public interface Client {
        /** The frames of a source. The harness, dialled when all is ready, is told what was taken. */
        ReadableByteChannel events(Topics topics, int partition, Dial harness) throws IOException;

        /** The frames of a sink, each of which is written in one piece. */
        WritableByteChannel answers(Topics topics, int index, SocketChannel harness)
                throws IOException;
    }

    /** A connection to the harness that is yet to be made. */
    public interface Dial {
        SocketChannel dial() throws IOException;
    }

    private static final String CLIENT = "sluicebench.kafka.TopicClient";

    /** One in this process, however many sources and sinks it has. */
    private static Client client;

    /** Where brokers are, as Kafka's clients take it. */
    public final String brokers;

    /** The topic of events, and that of answers. */
    public final String events;

    public final String answers;

    /** How many brokers have to have an answer: Kafka's own word for it. */
    public final String acks;

    /** How long an answer may wait for others, in milliseconds. */
    public final long lingerMs;

    private final String classPath;

    private Topics(Arguments arguments) {
        this.brokers = arguments.text("kafka");
        this.events = arguments.text("kafka-events");
        this.answers = arguments.text("kafka-answers");
        this.acks = arguments.text("kafka-acks");
        this.lingerMs = arguments.number("kafka-linger-ms", 0);
        this.classPath = arguments.text("kafka-class-path");
    }

    /** Those that the harness names; null where it names none. */
    static Topics fromStart(Arguments arguments) {
        return arguments.has("kafka") ? new Topics(arguments) : null;
    }

    ReadableByteChannel events(int partition, Dial harness) throws IOException {
        return client(classPath).events(this, partition, harness);
    }

    WritableByteChannel answers(int index, SocketChannel harness) throws IOException {
        return client(classPath).answers(this, index, harness);
    }

    private static synchronized Client client(String classPath) throws IOException {
        if (client == null) {
            ClassLoader loader = new URLClassLoader(urls(classPath), Topics.class.getClassLoader());
            try {
                Class<?> type = Class.forName(CLIENT, true, loader);
                client = (Client) type.getDeclaredConstructor().newInstance();
            } catch (ReflectiveOperationException | LinkageError e) {
                throw new IOException("Kafka's client cannot be loaded: " + e, e);
            }
        }
        return client;
    }

    /** Folders and jars, and {@code FOLDER/*} for all jars of a folder, as {@code java -cp} has it. */
    private static URL[] urls(String classPath) throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String path : classPath.split(File.pathSeparator)) {
            File file = new File(path);
            File[] jars = file.getName().equals("*") ? file.getParentFile().listFiles() : null;
            for (File each : jars == null ? new File[] {file} : jars) {
                urls.add(each.toURI().toURL());
            }
        }
        return urls.toArray(URL[]::new);
    }
}
