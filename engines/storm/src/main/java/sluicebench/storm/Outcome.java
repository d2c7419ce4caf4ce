package sluicebench.storm;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How the topology in this process ends, as topologies do not by themselves: when each sink has
 * told the harness so, or at the first failure.
 */
final class Outcome {
    private static final AtomicInteger SINKS = new AtomicInteger();
    private static final AtomicLong LATE = new AtomicLong();
    private static final AtomicLong REPEATED = new AtomicLong();
    private static final CompletableFuture<Void> END = new CompletableFuture<>();

    private Outcome() {}

    static void expect(int sinks) {
        SINKS.set(sinks);
    }

    static void sinkEnded() {
        if (SINKS.decrementAndGet() == 0) {
            END.complete(null);
        }
    }

    static void failed(Exception cause) {
        END.completeExceptionally(cause);
    }

    /** A record counts in no window because it came too late. */
    static void late() {
        LATE.incrementAndGet();
    }

    /** An event was taken for lost, and emitted again. */
    static void repeated() {
        REPEATED.incrementAndGet();
    }

    /** How often that happened. */
    static long repetitions() {
        return REPEATED.get();
    }

    /** Waits for the end; returns how many records were late. */
    static long await() throws ExecutionException, InterruptedException {
        END.get();
        return LATE.get();
    }
}
