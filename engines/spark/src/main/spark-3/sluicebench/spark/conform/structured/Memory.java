package sluicebench.spark.conform.structured;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.streaming.FileSystemBasedCheckpointFileManager;
import org.apache.spark.sql.execution.streaming.MemoryStream;

import scala.jdk.javaapi.CollectionConverters;

import java.util.List;

/**
 * Input that stands in memory, and the log of batches in plain files: parts of Spark's own that are
 * not in the same place in every version.
 */
final class Memory {
    /** What writes the log of batches without starting processes. */
    static final String LOG = FileSystemBasedCheckpointFileManager.class.getName();

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
