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
 * What Structured Streaming answers in real-time mode, which has no state: each row goes through as
 * it comes, in batches that last. Everything that is not set here is as Spark has it.
 */
public final class RealTime {
    private static final String BATCH_MIN = "spark.sql.streaming.realTimeMode.minBatchDuration";
    private static final long POLL_MS = 50;

    /**
     * What is read of a partition and not taken by its task, in bytes: little, so that what waits is
     * seen to wait by the harness.
     */
    private static final long LOG_BYTES = 32 << 10;

    private RealTime() {}

    public static void main(String[] args) {
        Control.run(args, RealTime::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut("batch_ms");
        if (!arguments.text("question").equals("identity")) {
            throw new IllegalArgumentException(
                    "--question "
                            + arguments.text("question")
                            + ": Spark's real-time mode keeps no state; expected identity");
        }
        long batchMs = arguments.setting("batch_ms", 1, 300_000);
        Shape shape = Main.shape(arguments.text("event"));
        int partitions = arguments.partitions();

        // All tasks of a batch run as long as it does, and so at once.
        int tasks = Math.max(arguments.parallelism(), partitions);
        Map<String, String> keys = Main.local(tasks);
        keys.put(BATCH_MIN, batchMs + "ms");
        SparkSession spark = Main.session(keys, tasks, "rocksdb", control);
        control.note(Json.object("version", spark.version()));
        spark.streams().addListener(new Progress(control));

        Input input = Input.of(harness, shape, partitions, LOG_BYTES * partitions, 0);
        Dataset<Row> events = spark.readStream().format(FlowingProvider.class.getName()).load();
        int payload = shape == Shape.PADDED ? Shape.PAYLOAD_LENGTH : 0;
        Answers.open(harness, partitions, new Answers.Columns(shape.longs(), payload));
        StreamingQuery query =
                Identity.ask(events)
                        .writeStream()
                        .outputMode("update")
                        .trigger(Trigger.RealTime(batchMs))
                        .option(
                                "checkpointLocation",
                                Path.of("checkpoint").toAbsolutePath().toString())
                        .foreach(new Answers.Writer())
                        .start();
        while (!input.isDone()) {
            query.awaitTermination(POLL_MS);
        }
        query.stop();
        Answers.end();
        return 0;
    }
}
