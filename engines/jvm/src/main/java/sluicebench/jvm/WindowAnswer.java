package sluicebench.jvm;

/** What the values of a key, or of all keys, come to in a window. What was not asked for is 0. */
public class WindowAnswer {
    /** When the last of its events was due, in nanoseconds on the run's clock. */
    public long due;

    /** The first instant of the window and the first after it, in microseconds since the epoch. */
    public long start;

    public long end;

    public long key;
    public long count;
    public long sum;
    public long min;
    public long max;

    /** This answer, about this window of this key. */
    public WindowAnswer about(long key, long start, long end) {
        this.key = key;
        this.start = start;
        this.end = end;
        return this;
    }

    public WindowAnswer copy() {
        WindowAnswer copy = new WindowAnswer();
        copy.due = due;
        copy.count = count;
        copy.sum = sum;
        copy.min = min;
        copy.max = max;
        return copy.about(key, start, end);
    }
}
