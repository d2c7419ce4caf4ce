package sluicebench.spark.dstream;

import org.apache.spark.SparkConf;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.Layouts;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The questions as DStreams ask them, in windows over batches: what came in a batch belongs to it,
 * whatever its event time. With a local master in this process, which has a thread for each
 * receiver beside those that compute. Everything that is not set here is as Spark has it.
 */
public final class Main {
    private final Arguments arguments;
    private final Harness harness;
    private final JavaStreamingContext context;
    private final Batches batches;

    private Main(Arguments arguments, Harness harness, Control control) {
        this.arguments = arguments;
        this.harness = harness;
        int threads = arguments.parallelism() + arguments.partitions();
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("spark.master", "local[" + threads + "]");
        keys.put("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
        keys.put("spark.log.level", "ERROR");
        keys.put("spark.ui.enabled", "false");
        keys.put("spark.streaming.clock", BatchClock.class.getName());
        keys.put("spark.driver.host", "127.0.0.1");
        keys.put("spark.driver.bindAddress", "127.0.0.1");
        control.settings(keys);
        SparkConf configuration = new SparkConf().setAppName("sluicebench");
        keys.forEach(configuration::set);
        long interval = arguments.setting("interval_ms", 1, 1000);
        this.context = new JavaStreamingContext(configuration, Durations.milliseconds(interval));
        if (Cut.isInverse(arguments)) {
            // Taking out what leaves builds on the window before, which must not reach back for
            // ever.
            context.checkpoint("checkpoint");
        }
        control.note(Json.object("version", context.sparkContext().version()));
        this.batches = new Batches(control, arguments.partitions(), interval);
        context.addStreamingListener(batches);
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
        Answers.end();
        return 0;
    }

    private void ask(String question, String event) throws Exception {
        switch (question + " of " + event) {
            case "identity of keyed" -> {
                Answers.open(harness, arguments.parallelism(), new Layouts.Keyed());
                Identity.ask(events(new Layouts.Keyed()));
            }
            case "identity of padded" -> {
                Answers.open(harness, arguments.parallelism(), new Layouts.Padded());
                Identity.ask(events(new Layouts.Padded()));
            }
            case "windows of keyed" -> {
                Answers.open(harness, arguments.parallelism(), new Layouts.Windows());
                KeyedWindow.ask(events(new Layouts.Keyed()), cut());
            }
            case "windows of padded" -> {
                Answers.open(harness, arguments.parallelism(), new Layouts.Windows());
                KeyedWindow.ask(events(new Layouts.Padded()), cut());
            }
            case "word-count of line" -> {
                Answers.open(harness, arguments.parallelism(), new Layouts.Windows());
                WordCount.ask(events(new Layouts.Lines()), cut());
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

    private Cut cut() {
        Cut cut = Cut.of(arguments);
        batches.goOnFor(cut.sizeMs());
        return cut;
    }

    /** The input: a receiver for each partition. */
    private <E extends Event> JavaDStream<E> events(EventLayout<E> layout) {
        JavaDStream<E> all = null;
        for (int index = 0; index < arguments.partitions(); index++) {
            JavaDStream<E> partition =
                    context.receiverStream(
                            new PartitionReceiver<>(
                                    harness, index, arguments.partitions(), layout));
            // A window that slides by several batches asks for them when it ends, too late to be in
            // what is told of each. Nothing is computed here.
            partition.foreachRDD(batch -> {});
            all = all == null ? partition : all.union(partition);
        }
        return all;
    }
}
