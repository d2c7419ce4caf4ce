package sluicebench.flink;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.Layouts;
import sluicebench.jvm.WindowAnswer;

import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The questions as Flink's DataStream API asks them, in a mini cluster in this process or on a
 * cluster that is there. Everything that is not set here is as Flink, or that cluster, has it.
 */
public final class Main {
    private final Arguments arguments;
    private final Harness harness;
    private final StreamExecutionEnvironment environment;

    private Main(
            Arguments arguments, Harness harness, StreamExecutionEnvironment environment) {
        this.arguments = arguments;
        this.harness = harness;
        this.environment = environment;
        environment.setParallelism(arguments.parallelism());
    }

    public static void main(String[] args) {
        Control.run(args, Main::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut(
                "buffer_timeout_ms", "object_reuse", "checkpoint_interval_ms", "state");
        control.note(Json.object("version", EnvironmentInformation.getVersion()));
        Map<String, String> keys = keys(arguments);
        StreamExecutionEnvironment environment;
        if (arguments.isElsewhere()) {
            environment = Cluster.of(arguments, keys);
        } else {
            keys.putAll(keysHere(arguments));
            environment =
                    StreamExecutionEnvironment.getExecutionEnvironment(
                            Configuration.fromMap(keys));
        }
        control.settings(keys);
        Main main = new Main(arguments, harness, environment);
        main.ask(arguments.text("question"), arguments.text("event"));
        JobClient job = main.environment.executeAsync("sluicebench");
        JobExecutionResult result;
        try (Checkpoints checkpoints = main.checkpoints(control, job)) {
            result = job.getJobExecutionResult().get();
        }
        Long late = result.getAccumulatorResult(LateRecords.ACCUMULATOR);
        return late == null ? 0 : late;
    }

    /** Whoever tells of its checkpoints; nobody where there are none. */
    private Checkpoints checkpoints(Control control, JobClient job) throws Exception {
        if (checkpointInterval(arguments) == 0) {
            return null;
        }
        URI rest = arguments.isElsewhere() ? Cluster.rest(arguments) : MiniRest.of(job);
        return new Checkpoints(control, rest, job.getJobID().toHexString());
    }

    /** What is set for the job, wherever it runs. */
    private static Map<String, String> keys(Arguments arguments) {
        Map<String, String> keys = new LinkedHashMap<>();
        long bufferTimeout = arguments.setting("buffer_timeout_ms", 0, 100);
        keys.put("execution.buffer-timeout.interval", bufferTimeout + " ms");
        String objectReuse = arguments.setting("object_reuse", List.of("false", "true"));
        keys.put("pipeline.object-reuse", objectReuse);
        String state = arguments.setting("state", List.of("hashmap", "rocksdb"));
        keys.put("state.backend.type", state);
        long checkpointInterval = checkpointInterval(arguments);
        if (checkpointInterval > 0) {
            keys.put("execution.checkpointing.interval", checkpointInterval + " ms");
        }
        // Types that only Kryo could write would be a slow surprise.
        keys.put("pipeline.generic-types", "false");
        // What was sent is not sent again, so a job that fails has failed.
        keys.put("restart-strategy.type", "none");
        return keys;
    }

    /** What is set for a mini cluster in this process. */
    private static Map<String, String> keysHere(Arguments arguments) {
        Map<String, String> keys = new LinkedHashMap<>();
        if (checkpointInterval(arguments) > 0) {
            String folder = Path.of("checkpoints").toAbsolutePath().toUri().toString();
            keys.put("execution.checkpointing.dir", folder);
            // So many are told of before somebody looks.
            keys.put("web.checkpoints.history", "1000");
        }
        keys.put("rest.bind-address", "127.0.0.1");
        keys.put("taskmanager.memory.network.min", "128 mb");
        keys.put("taskmanager.memory.network.max", "128 mb");
        return keys;
    }

    private static long checkpointInterval(Arguments arguments) {
        return arguments.setting("checkpoint_interval_ms", 0, 0);
    }

    private void ask(String question, String event) {
        switch (question + " of " + event) {
            case "identity of keyed" -> {
                Layouts.Keyed layout = new Layouts.Keyed();
                Identity.ask(events(layout), answers(layout));
            }
            case "identity of padded" -> {
                Layouts.Padded layout = new Layouts.Padded();
                Identity.ask(events(layout), answers(layout));
            }
            case "windows of keyed" ->
                    KeyedWindow.ask(events(new Layouts.Keyed()), arguments, windowAnswers());
            case "windows of padded" ->
                    KeyedWindow.ask(events(new Layouts.Padded()), arguments, windowAnswers());
            case "word-count of line" ->
                    WordCount.ask(events(new Layouts.Lines()), arguments, windowAnswers());
            default ->
                    throw new IllegalArgumentException(
                            "--question "
                                    + question
                                    + " --event "
                                    + event
                                    + ": Flink's job has no such question");
        }
    }

    /** The input: as many sources as it has partitions. */
    private <E extends Event> DataStream<E> events(EventLayout<E> layout) {
        int partitions = arguments.partitions();
        return environment
                .fromSource(
                        new PartitionedSource<>(harness, partitions, layout),
                        // The marks in the input are the watermarks, and the source emits them.
                        WatermarkStrategy.noWatermarks(),
                        "partitions",
                        Types.POJO(layout.type()))
                .setParallelism(partitions);
    }

    private AnswerSink<WindowAnswer> windowAnswers() {
        return answers(new Layouts.Windows());
    }

    private <A> AnswerSink<A> answers(AnswerLayout<A> layout) {
        return new AnswerSink<>(harness, layout);
    }
}
