package sluicebench.spark.conform.structured;

import org.apache.spark.sql.SparkSession;

import sluicebench.jvm.conform.Cases;
import sluicebench.spark.conform.Local;

import java.nio.file.Path;
import java.util.Map;

/** Cases put to Structured Streaming: a query for each, over input that stands in memory. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Cases.put(
                args,
                Local.parser(),
                parallelism -> {
                    SparkSession spark = Local.session(parallelism, Map.of());
                    Path folder = Path.of("checkpoints");
                    return asked -> new CaseQuery(spark, asked, folder).answers();
                });
    }
}
