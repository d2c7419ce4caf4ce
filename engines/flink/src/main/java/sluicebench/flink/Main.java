package sluicebench.flink;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.Layouts;

import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The questions as Flink's DataStream API asks them, in a mini cluster in this process or on a
 * cluster that is there. Everything that is not set here is as Flink, or that cluster, has it.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Control.run(
                args,
                (arguments, harness, control) -> run(arguments, harness, control, Main::ask));
    }

    /** Runs the job that somebody makes of the question, and returns how many records were late. */
    static long run(Arguments arguments, Harness harness, Control control, Consumer<Job> ask)
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
        environment.setParallelism(arguments.parallelism());
        ask.accept(new Job(arguments, harness, environment));
        JobClient job = environment.executeAsync("sluicebench");
        JobExecutionResult result;
        try (Checkpoints checkpoints = checkpoints(arguments, control, job)) {
            result = job.getJobExecutionResult().get();
        }
        Long late = result.getAccumulatorResult(LateRecords.ACCUMULATOR);
        return late == null ? 0 : late;
    }

    /** Whoever tells of its checkpoints; nobody where there are none. */
    private static Checkpoints checkpoints(Arguments arguments, Control control, JobClient job)
            throws Exception {
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

    private static void ask(Job job) {
        switch (job.question()) {
            case "identity of keyed" -> {
                Layouts.Keyed layout = new Layouts.Keyed();
                Identity.ask(job.events(layout), job.answers(layout));
            }
            case "identity of padded" -> {
                Layouts.Padded layout = new Layouts.Padded();
                Identity.ask(job.events(layout), job.answers(layout));
            }
            case "windows of keyed" ->
                    KeyedWindow.ask(
                            job.events(new Layouts.Keyed()), job.arguments(), job.windowAnswers());
            case "windows of padded" ->
                    KeyedWindow.ask(
                            job.events(new Layouts.Padded()), job.arguments(), job.windowAnswers());
            case "word-count of line" ->
                    WordCount.ask(
                            job.events(new Layouts.Lines()), job.arguments(), job.windowAnswers());
            case "sessions of keyed" ->
                    KeyedSession.ask(
                            job.events(new Layouts.Keyed(), Ticks.MICROS),
                            job.arguments(),
                            job.windowAnswers());
            case "sessions of padded" ->
                    KeyedSession.ask(
                            job.events(new Layouts.Padded(), Ticks.MICROS),
                            job.arguments(),
                            job.windowAnswers());
            case "counted of keyed" ->
                    KeyedCount.ask(
                            job.events(new Layouts.Keyed()),
                            job.arguments(),
                            job.answers(new Layouts.Numbered()));
            case "counted of padded" ->
                    KeyedCount.ask(
                            job.events(new Layouts.Padded()),
                            job.arguments(),
                            job.answers(new Layouts.Numbered()));
            case "counted of line" ->
                    KeyedCount.askWords(
                            job.events(new Layouts.Lines()),
                            job.arguments(),
                            job.answers(new Layouts.Numbered()));
            default -> throw job.unknownQuestion();
        }
    }
}
