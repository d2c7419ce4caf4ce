package sluicebench.jvm;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryManagerMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The job's life as the harness sees it: started with arguments, told to stop, ended in good order
 * or failed, with a sentence. A job does not outlive the harness: it ends when the harness closes
 * its standard input or the control connection, as both happen when the harness dies.
 */
public final class Control {
    /** A job of an engine. */
    public interface Job {
        /**
         * Runs to the end of the input.
         *
         * @return how many records counted in no window because they came too late; {@link
         *     #UNKNOWN} if the engine does not tell
         */
        long run(Arguments arguments, Harness harness, Control control) throws Exception;
    }

    /** A number of late records that is not known. */
    public static final long UNKNOWN = -1;

    // The process's exit codes.
    private static final int FAILED_EXIT = 1;
    private static final int USAGE_EXIT = 2;
    private static final int STOPPED_EXIT = 3;

    // Frames in both directions, from the harness, from the job.
    private static final byte CLOCK = 1;
    private static final byte GO = 2;
    private static final byte STOP = 3;
    private static final byte NOTE = 2;
    private static final byte FAILED = 3;
    private static final byte DONE = 4;

    private static final int SENTENCE_MAX = 2000;

    /** Nobody waits longer for what is to be done before a process that has to stop ends. */
    private static final int STOP_WITHIN_MS = 10_000;

    private final SocketChannel channel;

    /** Whether this process runs the sources and sinks. */
    private final boolean isHere;

    private volatile Runnable beforeStop = () -> {};

    private Control(SocketChannel channel, boolean isHere) {
        this.channel = channel;
        this.isHere = isHere;
    }

    /** Runs a job and ends the process. */
    public static void run(String[] args, Job job) {
        Control control;
        Arguments arguments;
        Harness harness;
        try {
            arguments = new Arguments(args);
            harness = Harness.fromStart(arguments);
            control =
                    new Control(
                            harness.dial(Harness.Role.CONTROL, 0, 1), !arguments.isElsewhere());
        } catch (IllegalArgumentException | IOException e) {
            System.err.println(e.getMessage());
            System.exit(USAGE_EXIT);
            return;
        }
        start("sluice-control", control::obey);
        start("sluice-parent", () -> awaitParent(control::stop));
        try {
            control.done(run(job, arguments, harness.forWorkers(arguments), control));
        } catch (Throwable e) {
            control.fail(e);
        }
        // Threads of an engine that linger do not keep the process.
        Runtime.getRuntime().halt(0);
    }

    /** What this JVM spends is told only where it is what runs the job. */
    private static long run(Job job, Arguments arguments, Harness harness, Control control)
            throws Exception {
        if (!control.isHere) {
            return job.run(arguments, harness, control);
        }
        try (Machine machine = new Machine(control)) {
            control.note(Json.object("java", System.getProperty("java.version")));
            long late = job.run(arguments, harness, control);
            machine.tell();
            return late;
        }
    }

    /** Tells the harness a fact, which is a JSON object. */
    public void note(String json) {
        try {
            sendText(NOTE, json);
        } catch (IOException e) {
            // The harness is gone, and so will be this process in a moment.
        }
    }

    /** Tells the harness what the engine runs by, and what this JVM does if it runs the job. */
    public void settings(Map<String, ?> ofEngine) {
        Map<String, Object> settings = new TreeMap<>(ofEngine);
        if (isHere) {
            List<String> collectors =
                    ManagementFactory.getGarbageCollectorMXBeans().stream()
                            .map(MemoryManagerMXBean::getName)
                            .toList();
            settings.put("collectors", String.join(", ", collectors));
            settings.put("processors", Runtime.getRuntime().availableProcessors());
            settings.put("heap_mb", Runtime.getRuntime().maxMemory() >> 20);
        }
        note(Json.object("settings", settings));
    }

    private void done(long late) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(1 + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(frame.put(DONE).putLong(late).flip());
    }

    private void fail(Throwable failure) {
        try {
            sendText(FAILED, sentence(failure));
        } catch (IOException e) {
            System.err.println(sentence(failure));
        }
        Runtime.getRuntime().halt(FAILED_EXIT);
    }

    /** What went wrong first, in a line. */
    public static String sentence(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null && first.getCause() != first) {
            first = first.getCause();
        }
        // Flink wraps what it cannot hand on, with its class and message as the message.
        boolean isWrapped = first.getClass().getSimpleName().equals("SerializedThrowable");
        String text = isWrapped ? String.valueOf(first.getMessage()) : first.toString();
        String line = text.lines().findFirst().orElse("");
        return line.substring(0, Math.min(line.length(), SENTENCE_MAX));
    }

    private void obey() {
        ByteBuffer kind = ByteBuffer.allocate(1);
        try {
            while (true) {
                Harness.readFully(channel, kind.clear());
                switch (kind.get(0)) {
                    case CLOCK -> answerClock();
                    case GO -> {}
                    case STOP -> stop();
                    default -> throw new IOException("a frame of kind " + kind.get(0));
                }
            }
        } catch (IOException e) {
            stop();
        }
    }

    /** What is to be done before the process ends because it has to, and not by itself. */
    public void beforeStop(Runnable runnable) {
        beforeStop = runnable;
    }

    /** Whoever comes second waits: the first one ends the process. */
    private synchronized void stop() {
        Thread thread = start("sluice-stop", beforeStop);
        try {
            thread.join(STOP_WITHIN_MS);
        } catch (InterruptedException e) {
            // No more time, then.
        }
        Runtime.getRuntime().halt(STOPPED_EXIT);
    }

    private void answerClock() throws IOException {
        ByteBuffer reading = ByteBuffer.allocate(1 + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(reading.put(CLOCK).putLong(System.nanoTime()).flip());
    }

    private void sendText(byte kind, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame =
                ByteBuffer.allocate(1 + Integer.BYTES + bytes.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        write(frame.put(kind).putInt(bytes.length).put(bytes).flip());
    }

    private synchronized void write(ByteBuffer frame) throws IOException {
        Harness.writeFully(channel, frame);
    }

    /** Ends this process when the harness closes its standard input. */
    public static void endWithParent() {
        awaitParent(() -> Runtime.getRuntime().halt(STOPPED_EXIT));
    }

    private static void awaitParent(Runnable then) {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException e) {
            // As good as its end.
        }
        then.run();
    }

    private static Thread start(String name, Runnable runnable) {
        Thread thread = new Thread(runnable, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
