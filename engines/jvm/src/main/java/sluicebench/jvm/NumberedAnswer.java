package sluicebench.jvm;

/** What one of a key's windows of counted events holds, from its earliest event to its latest. */
public class NumberedAnswer extends WindowAnswer {
    /** Which of the key's windows, from zero. */
    public long number;

    public NumberedAnswer() {}

    public NumberedAnswer(long number, long key, WindowAnswer answer) {
        this.number = number;
        due = answer.due;
        count = answer.count;
        sum = answer.sum;
        min = answer.min;
        max = answer.max;
        about(key, answer.start, answer.end);
    }
}
