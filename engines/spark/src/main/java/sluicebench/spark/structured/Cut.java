package sluicebench.spark.structured;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.unix_micros;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

import sluicebench.jvm.Arguments;

/**
 * How event time is cut into windows, which start at multiples of the slide since the epoch, and
 * how long the watermark waits; all in microseconds.
 */
record Cut(long size, long slide, long waits) {
    private static final long MICROS_PER_MILLI = 1000;

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

    /** The delay for {@code withWatermark}, which has whole milliseconds. */
    String delay() {
        return -Math.floorDiv(-waits, MICROS_PER_MILLI) + " milliseconds";
    }

    Column window() {
        return functions.window(col("event_time"), size + " microseconds", slide + " microseconds");
    }

    /** How long after an event another one has to happen to complete all of its windows. */
    long closesAfter() {
        return size + waits + 1_000_000;
    }

    static Column start() {
        return unix_micros(col("window.start"));
    }

    static Column end() {
        return unix_micros(col("window.end"));
    }
}
