package sluicebench.spark.structured;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sequence;
import static org.apache.spark.sql.functions.timestamp_micros;
import static org.apache.spark.sql.functions.unix_micros;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

import sluicebench.jvm.Arguments;

/**
 * How event time is cut into windows, which start at multiples of the slide since the epoch, and
 * how long the watermark waits; all in microseconds.
 */
record Cut(long size, long slide, long waits) {
    private static final long MICROS_PER_MILLI = 1000;

    /**
     * In as many windows an event lies at most where they are Spark's sliding ones. Their plan has
     * a projection for each, and is planned and compiled for minutes where there are thousands.
     */
    private static final long PROJECTIONS_MAX = 100;

    static Cut of(Arguments arguments) {
        if (arguments.number("lateness-us", 0, 0) > 0) {
            throw new IllegalArgumentException(
                    "--lateness-us: Spark answers a window once and takes nothing after that");
        }
        long size = arguments.number("size-us", 1);
        long slide = arguments.number("slide-us", 1);
        if (slide > size) {
            throw new IllegalArgumentException(
                    "--slide-us "
                            + slide
                            + ": Spark has no gaps between windows; expected at most the"
                            + " size of "
                            + size);
        }
        return new Cut(size, slide, arguments.number("watermark-delay-us", 0));
    }

    /**
     * Whether an event is spread over its windows as rows, each in the slide at whose end one of
     * them ends, instead of by Spark's sliding windows. What counts is the same: a group is over
     * when the watermark reaches the end of its window.
     */
    private boolean isSpread() {
        return size % slide == 0
                && (size - slide) % MICROS_PER_MILLI == 0
                && size / slide > PROJECTIONS_MAX;
    }

    /** The events under a watermark, to be grouped by {@link #window}. */
    Dataset<Row> watermarked(Dataset<Row> events) {
        // A delay has whole milliseconds.
        long delay = -Math.floorDiv(-waits, MICROS_PER_MILLI);
        if (!isSpread()) {
            return events.withWatermark("event_time", delay + " milliseconds");
        }
        Column later = unix_micros(col("event_time")).plus(col("slides").multiply(lit(slide)));
        // The last of the rows of an event is so much later than the event.
        long spread = (size - slide) / MICROS_PER_MILLI;
        return events.withColumn("slides", explode(sequence(lit(0L), lit(size / slide - 1))))
                .withColumn("event_time", timestamp_micros(later))
                .withWatermark("event_time", (delay + spread) + " milliseconds");
    }

    Column window() {
        Column time = col("event_time");
        return isSpread()
                ? functions.window(time, slide + " microseconds")
                : functions.window(time, size + " microseconds", slide + " microseconds");
    }

    /** How long after an event another one has to happen to complete all of its windows. */
    long closesAfter() {
        return size + waits + 1_000_000;
    }

    Column start() {
        return end().minus(lit(size));
    }

    static Column end() {
        return unix_micros(col("window.end"));
    }
}
