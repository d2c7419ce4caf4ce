package sluicebench.flink;

import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

import sluicebench.jvm.Arguments;

import java.io.Serializable;
import java.time.Duration;

/**
 * How event time is cut into windows, in Flink's milliseconds. Windows start at multiples of the
 * slide since the epoch.
 */
record Cut(Duration size, Duration slide, Duration lateness) implements Serializable {
    static final long MICROS_PER_MILLI = 1000;

    static Cut of(Arguments arguments) {
        return new Cut(
                millis(arguments, "size-us", 1),
                millis(arguments, "slide-us", 1),
                millis(arguments, "lateness-us", 0));
    }

    private static Duration millis(Arguments arguments, String name, long least) {
        long micros = arguments.number(name, least);
        if (micros % MICROS_PER_MILLI != 0) {
            throw new IllegalArgumentException(
                    "--" + name + " " + micros + ": Flink's event time has whole milliseconds");
        }
        return Duration.ofMillis(micros / MICROS_PER_MILLI);
    }

    WindowAssigner<Object, TimeWindow> windows() {
        return size.equals(slide)
                ? TumblingEventTimeWindows.of(size)
                : SlidingEventTimeWindows.of(size, slide);
    }

    /**
     * Whether any window holds this time, in milliseconds: there are gaps where slides are longer.
     */
    boolean isInWindow(long millis) {
        return Math.floorMod(millis, slide.toMillis()) < size.toMillis();
    }
}
