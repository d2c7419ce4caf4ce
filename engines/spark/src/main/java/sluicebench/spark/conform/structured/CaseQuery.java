package sluicebench.spark.conform.structured;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.timestamp_millis;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryProgress;
import org.apache.spark.sql.types.StructType;

import sluicebench.jvm.Json;
import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Item;
import sluicebench.jvm.conform.Unsupported;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A query for a case, given a batch after the other. Each is followed by those without data. */
final class CaseQuery {
    private static final StructType EVENT =
            new StructType()
                    .add("t", "long")
                    .add("key", "string")
                    .add("v", "long")
                    .add("side", "string")
                    .add("stream", "int");

    /** What the log of finished batches says of the watermark of the next one. */
    private static final Pattern NEXT_WATERMARK =
            Pattern.compile("\"nextBatchWatermarkMs\":(\\d+)");

    private final Case asked;
    private final Path checkpoint;
    private final Memory memory;
    private final Dataset<Row> question;
    private final boolean asksWatermarks;

    /** The rows of the batches that have run since they were last looked at, by number. */
    private final Map<Long, List<Row>> batches = new ConcurrentSkipListMap<>();

    CaseQuery(SparkSession spark, Case asked, Path folder) {
        this.asked = asked;
        checkpoint = folder.resolve(asked.name()).toAbsolutePath();
        boolean hasNoData = !asked.spec().has("no_data_batches");
        spark.conf()
                .set(
                        "spark.sql.streaming.noDataMicroBatches.enabled",
                        hasNoData || asked.spec().isSet("no_data_batches"));
        String policy = asked.spec().text("policy", "min");
        spark.conf().set("spark.sql.streaming.multipleWatermarkPolicy", policy);
        memory = new Memory(spark);
        Dataset<Row> events =
                memory.rows()
                        .select(from_json(col("value"), EVENT).as("event"))
                        .select("event.*")
                        .withColumn("time", timestamp_millis(col("t")));
        question = Question.ask(asked, events);
        asksWatermarks = asked.op().equals("watermark");
    }

    Answers answers() throws Exception {
        Answers answers = new Answers();
        StreamingQuery query = start();
        try {
            for (List<Item> batch : asked.batches()) {
                List<String> rows = new ArrayList<>();
                for (Item item : batch) {
                    if (item.restores()) {
                        query.stop();
                        query = start();
                    } else if (item.isEvent()) {
                        rows.add(json(item));
                    }
                }
                memory.add(rows);
                query.processAllAvailable();
                tell(query, batch.get(batch.size() - 1).index(), answers);
            }
        } finally {
            query.stop();
        }
        return answers;
    }

    private static String json(Item item) {
        if (!(item.value() instanceof Long)) {
            throw new Unsupported("is asked about whole numbers alone");
        }
        return Json.object(
                "t", item.time(),
                "key", item.key(),
                "v", item.value(),
                "side", item.isRight() ? "R" : "L",
                "stream", item.channel());
    }

    private StreamingQuery start() throws Exception {
        return question
                .writeStream()
                // Without an aggregate there is no other mode than to append.
                .outputMode(asksWatermarks ? "append" : asked.spec().text("output_mode"))
                .option("checkpointLocation", checkpoint.toString())
                .foreachBatch(
                        (rows, number) -> {
                            batches.put(number, rows.collectAsList());
                        })
                .start();
    }

    /** Tells what has come of a batch that an item has ended. */
    private void tell(StreamingQuery query, int index, Answers answers) throws IOException {
        if (asksWatermarks) {
            answers.watermark(index, nextWatermark());
            return;
        }
        Map<Long, StreamingQueryProgress> progress = new TreeMap<>();
        for (StreamingQueryProgress one : query.recentProgress()) {
            // What waits tells of the batch to come as well.
            if (one.durationMs().containsKey("addBatch")) {
                progress.put(one.batchId(), one);
            }
        }
        long late = 0;
        for (Map.Entry<Long, List<Row>> batch : batches.entrySet()) {
            StreamingQueryProgress ofBatch = progress.get(batch.getKey());
            for (StateOperatorProgress operator : ofBatch.stateOperators()) {
                late += operator.numRowsDroppedByWatermark();
            }
            for (Row row : batch.getValue()) {
                Map<String, Object> told =
                        answers.row(
                                index,
                                row.getAs("start"),
                                row.getAs("end"),
                                row.getAs("key"),
                                value(row));
                told.put("t", row.getAs("t"));
                told.put("batch", ofBatch.numInputRows() > 0 ? "data" : "no_data");
            }
        }
        answers.late(index, late);
        batches.clear();
    }

    private static Object value(Row row) {
        int column = row.fieldIndex("value");
        return row.get(column) instanceof Long number ? number : row.getList(column);
    }

    private long nextWatermark() throws IOException {
        long latest = batches.keySet().stream().max(Long::compare).orElseThrow();
        Path log = checkpoint.resolve("commits").resolve(Long.toString(latest));
        Matcher watermark = NEXT_WATERMARK.matcher(Files.readString(log));
        if (!watermark.find()) {
            throw new IOException("the log of batch " + latest + " says no watermark");
        }
        return Long.parseLong(watermark.group(1));
    }
}
