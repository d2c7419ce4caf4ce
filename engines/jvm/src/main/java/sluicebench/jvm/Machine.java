package sluicebench.jvm;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.OperatingSystemMXBean;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * What the JVM spends, told to the harness once a second and at the end, since the JVM's start:
 * processor time by group of threads, and what garbage collection cost; each of its pauses as it
 * happens.
 *
 * <p>Threads of the JVM itself are none of Java's, so times are the system's own, from {@code
 * /proc}: elsewhere than on Linux they are not told. Reading them takes 1 to 2 ms a second. What
 * belongs to no named thread of the JVM or of ours is the engine's: {@code tasks}, also where its
 * thread has ended.
 */
public final class Machine implements AutoCloseable {
    private static final Path THREADS = Path.of("/proc/self/task");

    /** Ticks of the times in {@code /proc}: 100 a second wherever Linux runs a JVM. */
    private static final long TICK_NS = 10_000_000;

    /**
     * What {@link System#nanoTime} was when the system's clock of days said 0. Read once, so that
     * moments keep their order and their distances.
     */
    private static final long EPOCH_NANO_TIME =
            System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());

    private final Control control;
    private final OperatingSystemMXBean system =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<String, Long> timeByThread = new HashMap<>();
    private final Map<String, String> groupByThread = new HashMap<>();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    task -> {
                        Thread thread = new Thread(task, "sluice-machine");
                        thread.setDaemon(true);
                        return thread;
                    });

    Machine(Control control) {
        this.control = control;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(
                        (told, nothing) -> pause((CompositeData) told.getUserData()),
                        told ->
                                told.getType()
                                        .equals(
                                                GarbageCollectionNotificationInfo
                                                        .GARBAGE_COLLECTION_NOTIFICATION),
                        null);
            }
        }
        timer.scheduleAtFixedRate(this::tell, 1, 1, TimeUnit.SECONDS);
    }

    /** What {@link System#nanoTime} was at a moment of the system's clock, to a millisecond. */
    public static long nanoTimeAt(long epochMillis) {
        return EPOCH_NANO_TIME + TimeUnit.MILLISECONDS.toNanos(epochMillis);
    }

    /** Tells what was spent until now. */
    synchronized void tell() {
        long count = 0;
        long millis = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            count += Math.max(collector.getCollectionCount(), 0);
            millis += Math.max(collector.getCollectionTime(), 0);
        }
        Map<String, Long> collections = new LinkedHashMap<>();
        collections.put("count", count);
        collections.put("ms", millis);
        control.note(Json.object("gc", collections));
        if (readThreads()) {
            control.note(Json.object("cpu_ns", byGroup()));
        }
    }

    @Override
    public void close() {
        // Nobody is interrupted: a channel that is written to then would be closed.
        timer.shutdown();
    }

    private void pause(CompositeData told) {
        GarbageCollectionNotificationInfo info = GarbageCollectionNotificationInfo.from(told);
        Map<String, Object> pause = new LinkedHashMap<>();
        pause.put("collector", info.getGcName());
        pause.put("cause", info.getGcCause());
        pause.put("ended_ns", System.nanoTime());
        pause.put("ms", info.getGcInfo().getDuration());
        control.note(Json.object("gc_pause", pause));
    }

    private Map<String, Long> byGroup() {
        Map<String, Long> groups = new LinkedHashMap<>();
        long rest = system.getProcessCpuTime();
        for (String group : new String[] {"gc", "jit", "other"}) {
            long time = 0;
            for (Map.Entry<String, String> thread : groupByThread.entrySet()) {
                if (thread.getValue().equals(group)) {
                    time += timeByThread.get(thread.getKey());
                }
            }
            groups.put(group, time);
            rest -= time;
        }
        groups.put("tasks", Math.max(rest, 0));
        return groups;
    }

    /** Reads what each thread took; false where there is no such thing. */
    private boolean readThreads() {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                readThread(thread);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void readThread(Path thread) {
        String line;
        try {
            line = Files.readString(thread.resolve("stat"));
        } catch (IOException e) {
            return; // It ended in the meantime.
        }
        // "12 (G1 Conc#0) S ...": the name may hold anything, blanks and brackets, too.
        int open = line.indexOf('(');
        int close = line.lastIndexOf(')');
        String group = group(line.substring(open + 1, close));
        if (group != null) {
            String[] fields = line.substring(close + 2).split(" ");
            long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
            String id = thread.getFileName().toString();
            timeByThread.put(id, ticks * TICK_NS);
            groupByThread.put(id, group);
        }
    }

    /** The group of a thread with this name, which the system cuts at 15 letters. */
    private static String group(String name) {
        if (name.startsWith("GC Thread")
                || name.startsWith("G1 ")
                || name.startsWith("Shenandoah")
                || name.startsWith("ZWorker")
                || name.startsWith("ZDriver")
                || name.startsWith("ZDirector")
                || name.startsWith("Reference Handl")
                || name.startsWith("Finalizer")) {
            return "gc";
        }
        if (name.startsWith("C1 Comp")
                || name.startsWith("C2 Comp")
                || name.startsWith("Sweeper")
                || name.startsWith("JVMCI")) {
            return "jit";
        }
        if (name.equals("java")
                || name.startsWith("VM ")
                || name.startsWith("Signal Disp")
                || name.startsWith("Service Thread")
                || name.startsWith("Monitor Deflat")
                || name.startsWith("Notification T")
                || name.startsWith("Common-Cleaner")
                || name.startsWith("sluice-control")
                || name.startsWith("sluice-parent")
                || name.startsWith("sluice-machine")
                || name.startsWith("sluice-checks")) {
            return "other";
        }
        return null;
    }
}
