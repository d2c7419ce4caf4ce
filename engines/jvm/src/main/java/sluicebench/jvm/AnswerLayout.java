package sluicebench.jvm;

import java.io.Serializable;
import java.nio.ByteBuffer;

/** How an answer lies in a frame. */
public interface AnswerLayout<A> extends Serializable {
    /** How many bytes it has. */
    int length();

    /** Writes one behind what is there. */
    void write(A answer, ByteBuffer frame);
}
