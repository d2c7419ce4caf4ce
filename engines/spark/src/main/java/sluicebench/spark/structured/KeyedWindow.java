package sluicebench.spark.structured;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.sum;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.RelationalGroupedDataset;
import org.apache.spark.sql.Row;

import sluicebench.jvm.Arguments;

/** What do the values of each key, or of all keys, come to, per window? */
final class KeyedWindow {
    private KeyedWindow() {}

    static Dataset<Row> ask(Dataset<Row> events, Arguments arguments) {
        Cut cut = Cut.of(arguments);
        Dataset<Row> stream = cut.watermarked(events);
        boolean isGlobal = arguments.isGlobal();
        RelationalGroupedDataset groups =
                isGlobal ? stream.groupBy(cut.window()) : stream.groupBy(cut.window(), col("key"));
        boolean hasExtremes =
                switch (arguments.text("aggregate")) {
                    case "count-sum" -> false;
                    case "summary" -> true;
                    default ->
                            throw new IllegalArgumentException(
                                    "--aggregate "
                                            + arguments.text("aggregate")
                                            + ": expected count-sum or summary");
                };
        Column due = max("due").as("due");
        Column count = count(lit(1)).as("count");
        Column sum = sum("value").as("sum");
        Dataset<Row> answers =
                hasExtremes
                        ? groups.agg(
                                due, count, sum, min("value").as("min"), max("value").as("max"))
                        : groups.agg(due, count, sum);
        Column key = isGlobal ? lit(0L) : col("key");
        Column smallest = hasExtremes ? col("min") : lit(0L);
        Column greatest = hasExtremes ? col("max") : lit(0L);
        return answers.select(
                col("due"),
                cut.start(),
                Cut.end(),
                key,
                col("count"),
                col("sum"),
                smallest,
                greatest);
    }
}
