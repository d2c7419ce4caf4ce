package sluicebench.spark.conform.structured;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.session_window;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.unix_millis;
import static org.apache.spark.sql.functions.window;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Parameters;
import sluicebench.jvm.conform.Unsupported;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The operator of a case as a query over events with {@code time}, {@code key} and {@code v}. */
final class Question {
    private static final Pattern APART = Pattern.compile("l < r - (\\d+)");

    private Question() {}

    /** Its rows have {@code start}, {@code end}, {@code key}, {@code value} and {@code t}. */
    static Dataset<Row> ask(Case asked, Dataset<Row> events) {
        Parameters spec = asked.spec();
        return switch (asked.op()) {
            case "window_agg" -> {
                String size = millis(spec.number("size"));
                String slide = millis(spec.number("slide", spec.number("size")));
                Dataset<Row> counts =
                        late(events, spec)
                                .groupBy(window(col("time"), size, slide).as("window"), col("key"))
                                .agg(aggregate(spec).as("value"));
                yield inWindow(counts);
            }
            case "session_agg" -> {
                Column session = session_window(col("time"), millis(spec.number("gap")));
                Dataset<Row> counts =
                        late(events, spec)
                                .groupBy(session.as("window"), col("key"))
                                .agg(aggregate(spec).as("value"));
                yield inWindow(counts);
            }
            case "agg_by_event_time" ->
                    late(events, spec)
                            .groupBy(col("time"), col("key"))
                            .agg(aggregate(spec).as("value"))
                            .select(
                                    unix_millis(col("time")).as("start"),
                                    unix_millis(col("time")).as("end"),
                                    col("key"),
                                    col("value"),
                                    none().as("t"));
            case "dedup" -> {
                List<String> keys = new ArrayList<>();
                for (Object key : spec.list("keys")) {
                    keys.add(key.equals("t") ? "time" : (String) key);
                }
                yield late(events, spec)
                        .dropDuplicates(keys.toArray(new String[0]))
                        .select(
                                none().as("start"),
                                none().as("end"),
                                col("key"),
                                col("v").as("value"),
                                unix_millis(col("time")).as("t"));
            }
            case "watermark" -> watermarks(events, spec.numbers("streams"));
            case "window_join" -> windowJoin(events, spec);
            case "time_range_join" -> timeRangeJoin(events, spec);
            default -> throw new Unsupported("has no " + asked.op());
        };
    }

    /** The events, of which some are late, where a watermark is asked for. */
    private static Dataset<Row> late(Dataset<Row> events, Parameters spec) {
        return spec.has("watermark_delay")
                ? events.withWatermark("time", millis(spec.number("watermark_delay")))
                : events;
    }

    private static Column aggregate(Parameters spec) {
        return switch (spec.text("agg")) {
            case "count" -> count(lit(1));
            case "sum" -> sum(col("v"));
            case "min" -> min(col("v"));
            case "max" -> max(col("v"));
            default -> throw new Unsupported("is not asked to list what a window holds");
        };
    }

    private static Dataset<Row> inWindow(Dataset<Row> answers) {
        return answers.select(
                unix_millis(col("window.start")).as("start"),
                unix_millis(col("window.end")).as("end"),
                col("key"),
                col("value"),
                none().as("t"));
    }

    /** All events of streams whose watermarks trail by so much. */
    private static Dataset<Row> watermarks(Dataset<Row> events, List<Long> delays) {
        Dataset<Row> all = null;
        for (int stream = 0; stream < delays.size(); stream++) {
            Dataset<Row> one =
                    events.where(col("stream").equalTo(stream))
                            .withWatermark("time", millis(delays.get(stream)));
            all = all == null ? one : all.union(one);
        }
        return all;
    }

    private static Dataset<Row> windowJoin(Dataset<Row> events, Parameters spec) {
        String size = millis(spec.number("size"));
        List<Long> delays = spec.numbers("streams");
        Dataset<Row> left =
                side(events, "L", delays, 0)
                        .select(
                                col("key"),
                                window(col("time"), size).as("window"),
                                col("v").as("l"));
        Dataset<Row> right =
                side(events, "R", delays, 1)
                        .select(
                                col("key"),
                                window(col("time"), size).as("window"),
                                col("v").as("r"));
        Dataset<Row> pairs = left.join(right, new String[] {"key", "window"}, "inner");
        return inWindow(pairs.withColumn("value", array(col("l"), col("r"))));
    }

    private static Dataset<Row> timeRangeJoin(Dataset<Row> events, Parameters spec) {
        Matcher apart = APART.matcher(spec.text("cond"));
        if (!apart.matches()) {
            throw new Unsupported("is not asked to join where " + spec.text("cond"));
        }
        List<Long> delays = spec.numbers("streams");
        Dataset<Row> left =
                side(events, "L", delays, 0)
                        .select(col("key").as("lk"), col("time").as("lt"), col("v").as("l"));
        Dataset<Row> right =
                side(events, "R", delays, 1)
                        .select(col("key").as("rk"), col("time").as("rt"), col("v").as("r"));
        String before = "lt < rt - interval " + apart.group(1) + " milliseconds";
        return left.join(right, expr("lk = rk AND " + before))
                .select(
                        none().as("start"),
                        none().as("end"),
                        col("lk").as("key"),
                        array(col("l"), col("r")).as("value"),
                        none().as("t"));
    }

    /** The events of a side, with a watermark where it has one. */
    private static Dataset<Row> side(
            Dataset<Row> events, String side, List<Long> delays, int number) {
        Dataset<Row> ofSide = events.where(col("side").equalTo(side));
        return number < delays.size()
                ? ofSide.withWatermark("time", millis(delays.get(number)))
                : ofSide;
    }

    private static Column none() {
        return lit(null).cast("long");
    }

    private static String millis(long millis) {
        return millis + " milliseconds";
    }
}
