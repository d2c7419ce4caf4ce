package sluicebench.jvm;

import java.io.Serializable;
import java.nio.ByteBuffer;

/** How an event lies in a frame. */
public interface EventLayout<E extends Event> extends Serializable {
    /** Its class. */
    Class<E> type();

    /** Reads the next one. */
    E read(ByteBuffer frame);
}
