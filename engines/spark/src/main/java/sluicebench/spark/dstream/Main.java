package sluicebench.spark.dstream;

import org.apache.spark.SparkConf;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.Layouts;
import sluicebench.jvm.WindowAnswer;
import sluicebench.spark.Cluster;
import sluicebench.spark.RelayServer;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The questions as DStreams ask them, in windows over batches: what came in a batch belongs to it,
 * whatever its event time. With a local master in this process, or on a cluster, whose driver this
 * process is then: receivers run in its executors, and dial the harness from there. A receiver takes
 * a thread or a core, beside those that compute. Everything that is not set here is as Spark has it.
 */
public final class Main {
    private final Arguments arguments;
    private final Harness harness;
    private final JavaStreamingContext context;
    private final Batches batches;

    /** The driver's side of what executors tell it; null where receivers and tasks run in it. */
    private RelayServer relay;

    private Main(Arguments arguments, Harness harness, Control control) {
        this.arguments = arguments;
        this.harness = harness;
        int threads = arguments.parallelism() + arguments.partitions();
        Map<String, String> keys =
                arguments.isElsewhere() ? Cluster.keys(arguments, threads) : local(threads);
        keys.put("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
        keys.put("spark.log.level", "ERROR");
        keys.put("spark.ui.enabled", "false");
        keys.put("spark.streaming.clock", BatchClock.class.getName());
        control.settings(keys);
        SparkConf configuration = new SparkConf().setAppName("sluicebench");
        keys.forEach(configuration::set);
        long interval = arguments.setting("interval_ms", 1, 1000);
        this.context = new JavaStreamingContext(configuration, Durations.milliseconds(interval));
        if (Cut.isInverse(arguments)) {
            // Taking out what leaves builds on the window before, which must not reach back for
            // ever.
            context.checkpoint(Path.of("checkpoint").toAbsolutePath().toString());
        }
        control.note(Json.object("version", context.sparkContext().version()));
        this.batches = new Batches(control, arguments.partitions(), interval);
        context.addStreamingListener(batches);
    }

    /** What is set for a master in this process, with so many tasks at once. */
    private static Map<String, String> local(int threads) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("spark.master", "local[" + threads + "]");
        keys.put("spark.driver.host", "127.0.0.1");
        keys.put("spark.driver.bindAddress", "127.0.0.1");
        return keys;
    }

    public static void main(String[] args) {
        Control.run(args, Main::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut("interval_ms", "algorithm");
        Main main = new Main(arguments, harness, control);
        main.ask(arguments.text("question"), arguments.text("event"));
        main.context.start();
        main.batches.awaitLast(main.context);
        main.context.stop(true, false);
        if (main.relay == null) {
            Answers.end();
        } else {
            main.relay.end();
        }
        return 0;
    }

    private void ask(String question, String event) throws Exception {
        switch (question + " of " + event) {
            case "identity of keyed" -> identity(new Layouts.Keyed());
            case "identity of padded" -> identity(new Layouts.Padded());
            case "windows of keyed" -> windows(new Layouts.Keyed());
            case "windows of padded" -> windows(new Layouts.Padded());
            case "word-count of line" -> {
                Answers<WindowAnswer> answers = answers(new Layouts.Windows());
                WordCount.ask(events(new Layouts.Lines()), cut(), answers);
            }
            default ->
                    throw new IllegalArgumentException(
                            "--question "
                                    + question
                                    + " --event "
                                    + event
                                    + ": Spark's job has no such question");
        }
    }

    private <E extends Event, L extends EventLayout<E> & AnswerLayout<E>> void identity(L layout)
            throws Exception {
        Answers<E> answers = answers(layout);
        Identity.ask(events(layout), answers);
    }

    private <E extends KeyedEvent> void windows(EventLayout<E> layout) throws Exception {
        Answers<WindowAnswer> answers = answers(new Layouts.Windows());
        KeyedWindow.ask(events(layout), cut(), answers);
    }

    private Cut cut() {
        Cut cut = Cut.of(arguments);
        batches.goOnFor(cut.sizeMs());
        return cut;
    }

    /** Dials the harness for the answers. */
    private <A> Answers<A> answers(AnswerLayout<A> layout) throws Exception {
        int sinks = arguments.parallelism();
        if (!arguments.isElsewhere()) {
            return Answers.here(harness, sinks, layout);
        }
        // A receiver is a task that does not end; another has to compute.
        Cluster.takesTasks(context.sparkContext(), arguments.partitions() + 1);
        String host = arguments.text("driver-host");
        relay = RelayServer.open(harness, sinks, layout.length(), host, Reception::serve);
        return Answers.relayed(relay.relay(), sinks, layout);
    }

    /** The input: a receiver for each partition. */
    private <E extends Event> JavaDStream<E> events(EventLayout<E> layout) {
        Reception reception = new Reception(relay == null ? null : relay.relay());
        JavaDStream<E> all = null;
        for (int index = 0; index < arguments.partitions(); index++) {
            JavaDStream<E> partition =
                    context.receiverStream(
                            new PartitionReceiver<>(
                                    harness, index, arguments.partitions(), layout, reception));
            // A window that slides by several batches asks for them when it ends, too late to be in
            // what is told of each. Nothing is computed here.
            partition.foreachRDD(batch -> {});
            all = all == null ? partition : all.union(partition);
        }
        return all;
    }
}
