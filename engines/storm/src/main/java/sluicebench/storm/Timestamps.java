package sluicebench.storm;

import org.apache.storm.tuple.Values;

import sluicebench.jvm.Event;

import java.util.List;

/**
 * Event time as Storm's own windows take it: a field of each tuple, in milliseconds. A window of
 * Storm's holds its end and not its start, so that times are handed on a millisecond later.
 */
final class Timestamps {
    static final String FIELD = "time";
    static final long MICROS_PER_MILLI = 1000;

    /** By how much later times are handed on, and so how much longer windows have to lag. */
    static final int LATER = 1;

    // Behind all events; and so far behind that, that its windows close.
    private static final long END = 1L << 52;
    private static final long BEHIND_END = 1L << 53;

    private Timestamps() {}

    /** A tuple with the time of its event. */
    static Values values(long key, Event event) {
        return new Values(
                key, event, Math.floorDiv(event.eventTime, MICROS_PER_MILLI) + LATER);
    }

    /**
     * What closes all windows at the end of the input, as Storm's close only when something later
     * comes: a tuple without an event, whose window is the last, and one that closes that.
     */
    static List<Values> end() {
        return List.of(new Values(0L, null, END), new Values(0L, null, BEHIND_END));
    }
}
