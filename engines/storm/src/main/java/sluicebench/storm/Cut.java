package sluicebench.storm;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

import java.io.Serializable;

/** How event time is cut into windows, which start at multiples of the slide; in microseconds. */
record Cut(long size, long slide, long lateness, boolean hasExtremes) implements Serializable {
    static Cut of(Arguments arguments) {
        return new Cut(
                arguments.number("size-us", 1),
                arguments.number("slide-us", 1),
                arguments.number("lateness-us", 0),
                arguments.text("aggregate").equals("summary"));
    }

    /** The start of the last window that starts at this time or before it. */
    long lastStart(long time) {
        return Math.floorDiv(time, slide) * slide;
    }

    /** Whether the window that starts there is complete. */
    boolean isComplete(long start, long mark) {
        return start + size - 1 <= mark;
    }

    /** Whether it is, and takes nothing late any more. */
    boolean isOver(long start, long mark) {
        return start + size - 1 + lateness <= mark;
    }

    /** Counts an event in the answer of a window that holds it. */
    void count(KeyedEvent event, WindowAnswer answer) {
        boolean isFirst = answer.count == 0;
        answer.due = Math.max(answer.due, event.due);
        answer.count++;
        answer.sum = Math.addExact(answer.sum, event.value);
        if (hasExtremes) {
            answer.min = isFirst ? event.value : Math.min(answer.min, event.value);
            answer.max = isFirst ? event.value : Math.max(answer.max, event.value);
        }
    }
}
