package sluicebench.spark.dstream;

import org.apache.spark.util.Clock;

/**
 * The clock by which Spark cuts batches: the system's, as long as there is input. Once all events
 * were answered that came, and only windows are left to close, it is ahead of the system's: nobody
 * waits an hour for the end of an hour's window.
 */
public final class BatchClock implements Clock {
    private static final Object LOCK = new Object();

    /** How far it may go ahead of the last batch that was completed, so that none pile up. */
    private static long aheadMs;

    private static boolean hurries;
    private static long passedMs;
    private static long completedMs;

    /** Made by Spark, which finds it by its name. */
    public BatchClock() {}

    /** All events were answered; from now on so many batches may wait at a time, of this length. */
    static void hurry(int batches, long intervalMs) {
        synchronized (LOCK) {
            hurries = true;
            aheadMs = batches * intervalMs;
            LOCK.notifyAll();
        }
    }

    /** The batch of this time was completed. */
    static void completed(long timeMs) {
        synchronized (LOCK) {
            completedMs = timeMs;
            LOCK.notifyAll();
        }
    }

    @Override
    public long getTimeMillis() {
        synchronized (LOCK) {
            return Math.max(passedMs, System.currentTimeMillis());
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long waitTillTime(long targetMs) {
        synchronized (LOCK) {
            long left = targetMs - getTimeMillis();
            while (left > 0) {
                if (hurries && targetMs <= completedMs + aheadMs) {
                    passedMs = targetMs;
                    break;
                }
                try {
                    LOCK.wait(left);
                } catch (InterruptedException e) {
                    // Spark wants its timer to stop, and looks whether it should after each batch.
                    Thread.currentThread().interrupt();
                    break;
                }
                left = targetMs - getTimeMillis();
            }
            return getTimeMillis();
        }
    }
}
