package sluicebench.jvm;

/** A value of a key, with 256 bytes more that nobody asks for: what wide records cost. */
public class PaddedEvent extends KeyedEvent {
    /** How many words it has. */
    static final int PAYLOAD_WORDS = 32;

    public long[] payload;
}
