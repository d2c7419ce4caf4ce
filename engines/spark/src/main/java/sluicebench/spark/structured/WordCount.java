package sluicebench.spark.structured;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

import sluicebench.jvm.Arguments;

/** How often has each word been seen, per window? */
final class WordCount {
    private WordCount() {}

    static Dataset<Row> ask(Dataset<Row> lines, Arguments arguments) {
        Cut cut = Cut.of(arguments);
        Column none = lit(0L);
        return cut.watermarked(lines)
                .select(col("due"), col("event_time"), explode(col("words")).as("word"))
                .groupBy(cut.window(), col("word"))
                .agg(max("due").as("due"), count(lit(1)).as("count"))
                .select(
                        col("due"),
                        cut.start(),
                        Cut.end(),
                        col("word"),
                        col("count"),
                        none,
                        none,
                        none);
    }
}
