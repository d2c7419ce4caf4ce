package sluicebench.spark;

import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEnv;

import scala.Function1;
import scala.Option;
import scala.collection.Iterator;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;

import java.io.Serializable;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** A cluster that is there already: this process is the driver, in client mode. */
public final class Cluster {
    private static final int MASTER_WITHIN_S = 10;
    private static final int TASK_WITHIN_S = 60;

    private Cluster() {}

    /** What is set for it, with so many cores; throws where no master answers. */
    public static Map<String, String> keys(Arguments arguments, int cores) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("spark.master", arguments.text("master"));
        keys.put("spark.jars", arguments.text("jar"));
        keys.put("spark.driver.host", arguments.text("driver-host"));
        keys.put("spark.driver.bindAddress", arguments.text("driver-host"));
        keys.put("spark.cores.max", Integer.toString(cores));
        keys.put("spark.executor.memory", arguments.text("executor-mb") + "m");
        // What a task has answered is not taken back, so one that fails has failed.
        keys.put("spark.task.maxFailures", "1");
        // How often it is looked for cores that tasks get at once, and whether in vain.
        keys.put("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
        keys.put(
                "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures",
                Integer.toString(TASK_WITHIN_S));
        hasMaster(keys);
        return keys;
    }

    /**
     * Whether what listens at the master's address is one. A driver would ask for a minute, give up,
     * and fail by something else.
     */
    private static void hasMaster(Map<String, String> keys) {
        String master = keys.get("spark.master");
        SparkConf configuration = new SparkConf();
        keys.forEach(configuration::set);
        configuration.set("spark.rpc.lookupTimeout", MASTER_WITHIN_S + "s");
        SecurityManager security =
                new SecurityManager(
                        configuration,
                        Option.empty(),
                        SecurityManager.$lessinit$greater$default$3());
        String host = keys.get("spark.driver.host");
        RpcEnv caller = RpcEnv.create("sluicebench", host, 0, configuration, security, true);
        try {
            URI address = URI.create(master);
            caller.setupEndpointRef(new RpcAddress(address.getHost(), address.getPort()), "Master");
        } catch (Throwable e) {
            // It is Scala's, and throws what it does not declare.
            throw new IllegalStateException(noMaster(master, e));
        } finally {
            caller.shutdown();
        }
    }

    private static String noMaster(String master, Throwable cause) {
        return "what listens at "
                + master
                + " is no master of a Spark cluster that this release speaks to: its address is at"
                + " the top of the page of its web interface ("
                + Control.sentence(cause)
                + ")";
    }

    /**
     * Whether the cluster runs so many tasks at once: it has cores and memory left for them, and its
     * executors come back.
     */
    public static void takesTasks(JavaSparkContext context, int count) throws Exception {
        JavaRDD<Integer> numbers =
                context.parallelize(IntStream.range(0, count).boxed().toList(), count);
        // All tasks of a barrier stage are launched together, or none is.
        Function1<Iterator<Integer>, Iterator<Integer>> same =
                (Function1<Iterator<Integer>, Iterator<Integer>> & Serializable) all -> all;
        RDD<Integer> atOnce =
                numbers.rdd().barrier().mapPartitions(same, false, numbers.classTag());
        try {
            JavaRDD.fromRDD(atOnce, numbers.classTag())
                    .countAsync()
                    .get(TASK_WITHIN_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw tooSmall(count, "");
        } catch (ExecutionException e) {
            throw tooSmall(count, " (" + Control.sentence(e) + ")");
        }
    }

    private static IllegalStateException tooSmall(int count, String cause) {
        String tasks = count == 1 ? "no task" : "no " + count + " tasks at once";
        return new IllegalStateException(
                "the cluster ran "
                        + tasks
                        + " within "
                        + TASK_WITHIN_S
                        + " s: too few cores or too little memory are free, or its executors do not"
                        + " reach the driver"
                        + cause);
    }
}
