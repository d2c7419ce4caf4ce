package sluicebench.jvm;

/**
 * What all events have. Fields are public and there is a constructor without arguments, so that
 * engines can do with events what they do with plain classes of their users.
 */
public abstract class Event {
    /** When it was due, in nanoseconds on the run's clock. */
    public long due;

    /** When it happened according to the data, in microseconds since the epoch. */
    public long eventTime;
}
