package sluicebench.spark.structured;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;

import java.nio.file.Path;
import java.util.Map;

/**
 * A query without state in one of the modes in which each row goes through as it comes, from its
 * first row to its last answer.
 */
record RowByRow(Arguments arguments, Harness harness, Control control) {
    private static final long POLL_MS = 50;

    /**
     * What is read of a partition and not taken by its task, in bytes: little, so that what waits is
     * seen to wait by the harness.
     */
    private static final long LOG_BYTES = 32 << 10;

    /** How long it takes from one checkpoint to the next. */
    static long batchMs(Arguments arguments) {
        arguments.refuseSettingsBut("batch_ms");
        return arguments.setting("batch_ms", 1, 300_000);
    }

    /** Runs the query, with these keys of Spark's besides those that all have. */
    void run(
            Map<String, String> own,
            Class<? extends EventProvider> source,
            String outputMode,
            Trigger trigger)
            throws Exception {
        if (!arguments.text("question").equals("identity")) {
            throw new IllegalArgumentException(
                    "--question "
                            + arguments.text("question")
                            + ": this mode of Spark's keeps no state; expected identity");
        }
        Shape shape = Main.shape(arguments.text("event"));
        int partitions = arguments.partitions();

        // All tasks run on and on, and so at once.
        int tasks = Math.max(arguments.parallelism(), partitions);
        Map<String, String> keys = Main.local(tasks);
        keys.putAll(own);
        SparkSession spark = Main.session(keys, tasks, "rocksdb", control);
        control.note(Json.object("version", spark.version()));
        spark.streams().addListener(new Progress(control));

        Input input = Input.of(harness, shape, partitions, LOG_BYTES * partitions, 0);
        Dataset<Row> events = spark.readStream().format(source.getName()).load();
        int payload = shape == Shape.PADDED ? Shape.PAYLOAD_LENGTH : 0;
        Answers.open(harness, partitions, new Answers.Columns(shape.longs(), payload));
        StreamingQuery query =
                Identity.ask(events)
                        .writeStream()
                        .outputMode(outputMode)
                        .trigger(trigger)
                        .option(
                                "checkpointLocation",
                                Path.of("checkpoint").toAbsolutePath().toString())
                        .foreach(new Answers.Writer())
                        .start();
        while (!input.hasEnded() || Answers.given() < input.events()) {
            query.awaitTermination(POLL_MS);
        }
        query.stop();
        Answers.end();
    }
}
