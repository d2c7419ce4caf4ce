package sluicebench.spark.dstream;

import sluicebench.spark.Relay;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What the driver knows of the receivers. Their ends are theirs to tell, from this process or from
 * executors; what fails comes by Spark, as what receivers report.
 */
final class Reception implements Serializable {
    private static final byte ENDED = Relay.OWN;

    private static final AtomicLong EVENTS = new AtomicLong();
    private static final AtomicInteger ENDS = new AtomicInteger();
    private static final AtomicReference<IOException> FAILURE = new AtomicReference<>();

    /** To the driver; null where receivers run in it. */
    private final Relay relay;

    Reception(Relay relay) {
        this.relay = relay;
    }

    /** A receiver has received all of its partition, which was so many events. */
    void ended(int partition, long events) throws IOException {
        if (relay == null) {
            end(events);
            return;
        }
        try (Relay.Connection connection = relay.ask(ENDED, partition)) {
            connection.out.writeLong(events);
            connection.out.flush();
            connection.in.readByte();
        }
    }

    /** What the driver takes of that from an executor. */
    static void serve(byte kind, int partition, DataInputStream in, DataOutputStream out)
            throws IOException {
        if (kind != ENDED) {
            throw new IOException("a request of kind " + kind);
        }
        end(in.readLong());
        out.writeByte(0);
        out.flush();
    }

    private static void end(long events) {
        EVENTS.addAndGet(events);
        ENDS.incrementAndGet();
    }

    /** A receiver has failed, in the driver's words; the first one counts. */
    static void failed(String sentence) {
        FAILURE.compareAndSet(null, new IOException(sentence));
    }

    /** Whether so many receivers have received so many events, and all there are. */
    static boolean isComplete(int receivers, long events) {
        return ENDS.get() == receivers && EVENTS.get() == events;
    }

    /** Throws if a receiver has failed. */
    static void check() throws IOException {
        if (FAILURE.get() != null) {
            throw FAILURE.get();
        }
    }
}
