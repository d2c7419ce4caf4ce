package sluicebench.spark.structured;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.spark.Cluster;
import sluicebench.spark.RelayServer;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The questions as Structured Streaming asks them, in micro-batches over event time, in append
 * mode, with a local master in this process or on a cluster, whose driver this process is then.
 * Everything that is not set here is as Spark has it.
 */
public final class Main {
    private static final String STATE_PACKAGE = "org.apache.spark.sql.execution.streaming.state.";
    private static final long POLL_MS = 50;

    private Main() {}

    public static void main(String[] args) {
        Control.run(args, Main::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut(
                "trigger_ms", "state", "shuffle_partitions", "max_records_per_batch", "log_mb");
        String question = arguments.text("question");
        boolean isWindowed = !question.equals("identity");
        Shape shape = shape(arguments.text("event"));
        int shufflePartitions =
                Math.toIntExact(
                        arguments.setting("shuffle_partitions", 1, arguments.parallelism()));
        long triggerMs = arguments.setting("trigger_ms", 0, 0);
        long maxRecords = arguments.setting("max_records_per_batch", 0, 0);
        long logBytes = arguments.setting("log_mb", 1, 256) << 20;

        String state = arguments.setting("state", List.of("hdfs", "rocksdb"));

        Map<String, String> master =
                arguments.isElsewhere()
                        ? Cluster.keys(arguments, arguments.parallelism())
                        : local(arguments.parallelism());
        SparkSession spark = session(master, shufflePartitions, state, control);
        control.note(Json.object("version", spark.version()));
        Progress progress = new Progress(control);
        spark.streams().addListener(progress);

        long closesAfter = isWindowed ? Cut.of(arguments).closesAfter() : 0;
        Input input = Input.of(harness, shape, arguments.partitions(), logBytes, closesAfter);
        Dataset<Row> events =
                spark.readStream()
                        .format(EventProvider.class.getName())
                        .option(EventProvider.MAX_RECORDS, maxRecords)
                        .load();
        Dataset<Row> answers =
                switch (question + " of " + arguments.text("event")) {
                    case "identity of keyed", "identity of padded" -> Identity.ask(events);
                    case "windows of keyed", "windows of padded" ->
                            KeyedWindow.ask(events, arguments);
                    case "word-count of line" -> WordCount.ask(events, arguments);
                    default ->
                            throw new IllegalArgumentException(
                                    "--question "
                                            + question
                                            + " --event "
                                            + arguments.text("event")
                                            + ": Spark's job has no such question");
                };
        int payload = shape == Shape.PADDED ? Shape.PAYLOAD_LENGTH : 0;
        Answers.Columns columns =
                isWindowed
                        ? new Answers.Columns(8, 0)
                        : new Answers.Columns(shape.longs(), payload);
        int sinks = isWindowed ? shufflePartitions : arguments.partitions();
        RelayServer relayed = null;
        ForeachWriter<Row> writer;
        if (arguments.isElsewhere()) {
            Cluster.takesTasks(JavaSparkContext.fromSparkContext(spark.sparkContext()), 1);
            relayed =
                    RelayServer.open(
                            harness,
                            sinks,
                            columns.length(),
                            arguments.text("driver-host"),
                            (kind, partition, in, out) ->
                                    RelayedBlocks.serve(input, kind, partition, in, out));
            input.readThrough(relayed.relay());
            writer = new Answers.RelayedWriter(relayed.relay(), columns);
        } else {
            Answers.open(harness, sinks, columns);
            writer = new Answers.Writer();
        }
        StreamingQuery query =
                answers.writeStream()
                        .outputMode("append")
                        .trigger(Trigger.ProcessingTime(triggerMs))
                        .option(
                                "checkpointLocation",
                                Path.of("checkpoint").toAbsolutePath().toString())
                        .foreach(writer)
                        .start();
        while (!input.hasEnded()) {
            query.awaitTermination(POLL_MS);
        }
        query.processAllAvailable();
        query.stop();
        progress.await();
        if (relayed == null) {
            Answers.end();
        } else {
            relayed.end();
        }
        return isWindowed ? Control.UNKNOWN : 0;
    }

    /** What is set for a master in this process, with so many tasks at once. */
    static Map<String, String> local(int tasks) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("spark.master", "local[" + tasks + "]");
        keys.put("spark.driver.host", "127.0.0.1");
        keys.put("spark.driver.bindAddress", "127.0.0.1");
        return keys;
    }

    /** A session by these keys, and by what each of ours has. */
    static SparkSession session(
            Map<String, String> own, int shufflePartitions, String state, Control control) {
        Map<String, String> keys = new LinkedHashMap<>(own);
        keys.put("spark.sql.shuffle.partitions", Integer.toString(shufflePartitions));
        keys.put(
                "spark.sql.streaming.stateStore.providerClass",
                switch (state) {
                    case "rocksdb" -> STATE_PACKAGE + "RocksDBStateStoreProvider";
                    default -> STATE_PACKAGE + "HDFSBackedStateStoreProvider";
                });
        keys.put("spark.log.level", "ERROR");
        // A sum that 64 bits do not hold is an error; nothing wraps.
        keys.put("spark.sql.ansi.enabled", "true");
        keys.put("spark.sql.session.timeZone", "UTC");
        keys.put("spark.ui.enabled", "false");
        control.settings(keys);
        SparkSession.Builder builder = SparkSession.builder().appName("sluicebench");
        keys.forEach(builder::config);
        return builder.getOrCreate();
    }

    static Shape shape(String event) {
        return switch (event) {
            case "keyed" -> Shape.KEYED;
            case "padded" -> Shape.PADDED;
            case "line" -> Shape.LINE;
            default ->
                    throw new IllegalArgumentException(
                            "--event " + event + ": expected keyed, padded or line");
        };
    }
}
