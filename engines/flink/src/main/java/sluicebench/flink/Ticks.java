package sluicebench.flink;

import java.io.Serializable;

/**
 * How event time is told in Flink's timestamps, which are numbers that it only compares: one for so
 * many microseconds, and so many later than what they are of.
 */
record Ticks(long micros, long later) implements Serializable {
    /** Milliseconds, as Flink's own sources have them. */
    static final Ticks MILLIS = new Ticks(Cut.MICROS_PER_MILLI, 0);

    /** Microseconds, where the length of a window is told by the times of its events. */
    static final Ticks MICROS = new Ticks(1, 0);

    /** The tick that an instant lies in. */
    long of(long eventTime) {
        return Math.floorDiv(eventTime, micros) + later;
    }

    /**
     * The last tick of which nothing follows a mark. Where nothing up to {@code mark} follows, the
     * next may happen a microsecond later: nothing up to the tick before that one follows.
     */
    long passedBy(long mark) {
        return Math.floorDiv(mark + 1, micros) - 1 + later;
    }
}
