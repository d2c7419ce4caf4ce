package sluicebench.jvm;

/** A value of a key. */
public class KeyedEvent extends Event {
    public long key;
    public long value;
}
