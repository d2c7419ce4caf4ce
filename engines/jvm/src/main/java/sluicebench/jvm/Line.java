package sluicebench.jvm;

/** A line of words, each of which is its number in a dictionary. */
public class Line extends Event {
    public long[] words;
}
