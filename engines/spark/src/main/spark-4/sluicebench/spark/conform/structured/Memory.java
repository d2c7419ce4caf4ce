package sluicebench.spark.conform.structured;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.streaming.runtime.MemoryStream;

import scala.jdk.javaapi.CollectionConverters;

import java.util.List;

/** Input that stands in memory: Spark's own, which is not in the same place in every version. */
final class Memory {
    private final MemoryStream<String> stream;

    Memory(SparkSession spark) {
        stream = MemoryStream.apply(Encoders.STRING(), spark.sqlContext());
    }

    Dataset<Row> rows() {
        return stream.toDF();
    }

    /** Adds what one batch is to take. */
    void add(List<String> rows) {
        stream.addData(CollectionConverters.asScala(rows));
    }
}
