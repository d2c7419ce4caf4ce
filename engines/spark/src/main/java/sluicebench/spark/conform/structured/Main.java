package sluicebench.spark.conform.structured;

import org.apache.spark.sql.SparkSession;

import sluicebench.jvm.conform.Cases;
import sluicebench.spark.conform.Local;

import java.nio.file.Path;
import java.util.Map;

/** Cases put to Structured Streaming: a query for each, over input that stands in memory. */
public final class Main {
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "spark.hadoop.fs.file.impl", PlainFiles.class.getName(),
                    "spark.sql.streaming.checkpointFileManagerClass", Memory.LOG);

    private Main() {}

    public static void main(String[] args) {
        Cases.put(
                args,
                Local.parser(),
                parallelism -> {
                    SparkSession spark = Local.session(parallelism, SETTINGS);
                    Path folder = Path.of("checkpoints");
                    return asked -> new CaseQuery(spark, asked, folder).answers();
                });
    }
}
