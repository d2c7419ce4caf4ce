package sluicebench.spark.conform.dstream;

import org.apache.spark.api.java.JavaSparkContext;

import sluicebench.jvm.conform.Cases;
import sluicebench.spark.conform.Local;

import java.nio.file.Path;
import java.util.Map;

/** Cases put to DStreams: streams for each, by a clock that is moved from batch to batch. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Map<String, String> settings =
                Map.of("spark.streaming.clock", "org.apache.spark.util.ManualClock");
        Cases.put(
                args,
                Local.parser(),
                parallelism -> {
                    JavaSparkContext spark =
                            new JavaSparkContext(
                                    Local.session(parallelism, settings).sparkContext());
                    Path folder = Path.of("checkpoints");
                    return asked -> new CaseStream(spark, asked, folder, parallelism).answers();
                });
    }
}
