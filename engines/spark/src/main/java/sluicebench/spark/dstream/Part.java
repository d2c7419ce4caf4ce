package sluicebench.spark.dstream;

import sluicebench.jvm.WindowAnswer;

import java.io.Serializable;

/**
 * What some values of a key come to. A sum that 64 bits do not hold fails the job: nothing wraps.
 */
public class Part implements Serializable {
    public long due;
    public long count;
    public long sum;
    public long min;
    public long max;

    static Part of(long due, long value) {
        Part part = new Part();
        part.due = due;
        part.count = 1;
        part.sum = value;
        part.min = value;
        part.max = value;
        return part;
    }

    Part plus(Part other) {
        Part both = new Part();
        both.due = Math.max(due, other.due);
        both.count = count + other.count;
        both.sum = Math.addExact(sum, other.sum);
        both.min = Math.min(min, other.min);
        both.max = Math.max(max, other.max);
        return both;
    }

    /**
     * Without the other, which was part of this and came before the rest: so the rest holds the one
     * that was due last. Of smallest and largest nothing is known after that.
     */
    Part minus(Part other) {
        Part rest = new Part();
        rest.due = due;
        rest.count = count - other.count;
        rest.sum = Math.subtractExact(sum, other.sum);
        return rest;
    }

    WindowAnswer answer(boolean hasExtremes) {
        WindowAnswer answer = new WindowAnswer();
        answer.due = due;
        answer.count = count;
        answer.sum = sum;
        if (hasExtremes) {
            answer.min = min;
            answer.max = max;
        }
        return answer;
    }
}
