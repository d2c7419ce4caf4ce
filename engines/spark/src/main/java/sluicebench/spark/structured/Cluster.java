package sluicebench.spark.structured;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

import sluicebench.jvm.Arguments;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A cluster that is there already: this process is the driver, in client mode. */
final class Cluster {
    private static final int TASK_WITHIN_S = 60;

    private Cluster() {}

    static Map<String, String> keys(Arguments arguments) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("spark.master", arguments.text("master"));
        keys.put("spark.jars", arguments.text("jar"));
        keys.put("spark.driver.host", arguments.text("driver-host"));
        keys.put("spark.driver.bindAddress", arguments.text("driver-host"));
        keys.put("spark.cores.max", Integer.toString(arguments.parallelism()));
        keys.put("spark.executor.memory", arguments.text("executor-mb") + "m");
        // What a task has answered is not taken back, so one that fails has failed.
        keys.put("spark.task.maxFailures", "1");
        return keys;
    }

    /** Whether the cluster runs a task: it has cores and memory left, and its executors come back. */
    static void takesTasks(SparkSession spark) throws Exception {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try {
            context.parallelize(List.of(1), 1).countAsync().get(TASK_WITHIN_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "the cluster ran no task within "
                            + TASK_WITHIN_S
                            + " s: too few cores or too little memory are free, or its executors"
                            + " do not reach the driver");
        }
    }
}
