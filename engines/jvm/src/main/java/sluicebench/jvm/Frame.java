package sluicebench.jvm;

import java.nio.ByteBuffer;

/** What comes on a source's connection in one piece. */
public record Frame(Kind kind, ByteBuffer body) {
    /** What it is. */
    public enum Kind {
        /** Events, one after the other. */
        RECORDS,
        /** A watermark: no event at this time or before it follows. */
        MARK,
        /** Nothing follows. */
        END
    }

    /** What a mark says, in microseconds since the epoch. */
    public long mark() {
        return body.getLong(0);
    }
}
