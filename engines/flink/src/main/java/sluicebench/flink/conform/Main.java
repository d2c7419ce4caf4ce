package sluicebench.flink.conform;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Cases;
import sluicebench.jvm.conform.Item;

import java.util.LinkedHashMap;
import java.util.Map;

/** Cases put to Flink: a job for each, in one mini cluster in this process. */
public final class Main {
    private final MiniCluster cluster;
    private final int parallelism;

    private Main(int parallelism) throws Exception {
        this.parallelism = parallelism;
        cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration(0, true))
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(parallelism)
                                .build());
        cluster.start();
    }

    public static void main(String[] args) {
        ObjectMapper mapper = new ObjectMapper();
        mapper.enable(DeserializationFeature.USE_LONG_FOR_INTS);
        Cases.put(
                args,
                file -> mapper.readValue(file, Object.class),
                parallelism -> new Main(parallelism)::answer);
    }

    private Answers answer(Case asked) throws Exception {
        switch (asked.op()) {
            case "watermark_valve" -> {
                return Watermarks.ofValve(asked);
            }
            case "watermark_generator" -> {
                return Watermarks.ofGenerator(asked);
            }
            default -> {
                long restores = asked.input().stream().filter(Item::restores).count();
                StreamExecutionEnvironment environment =
                        StreamExecutionEnvironment.getExecutionEnvironment(
                                configuration(restores, !CaseJob.answersAtEnd(asked)));
                environment.setParallelism(parallelism);
                return new CaseJob(cluster, asked).answers(environment);
            }
        }
    }

    /** Where a job is to be restored so often, and may be asked for checkpoints. */
    private static Configuration configuration(long restores, boolean hasCheckpoints) {
        Map<String, String> keys = new LinkedHashMap<>();
        if (hasCheckpoints) {
            // They are asked for; between them there is none.
            keys.put("execution.checkpointing.interval", "365 d");
        }
        keys.put("execution.buffer-timeout.interval", "0 ms");
        keys.put("pipeline.generic-types", "false");
        keys.put("restart-strategy.type", restores > 0 ? "fixed-delay" : "none");
        keys.put("restart-strategy.fixed-delay.attempts", Long.toString(restores));
        keys.put("restart-strategy.fixed-delay.delay", "0 s");
        keys.put("rest.bind-address", "127.0.0.1");
        keys.put("taskmanager.memory.network.min", "64 mb");
        keys.put("taskmanager.memory.network.max", "64 mb");
        return Configuration.fromMap(keys);
    }
}
