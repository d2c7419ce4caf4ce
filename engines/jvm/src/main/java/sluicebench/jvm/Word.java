package sluicebench.jvm;

/** A word of a line. */
public class Word {
    /** When its line was due, in nanoseconds on the run's clock. */
    public long due;

    public long word;

    public Word() {}

    public Word(long due, long word) {
        this.due = due;
        this.word = word;
    }
}
