package sluicebench.spark.conform.dstream;

import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import org.apache.spark.streaming.scheduler.StreamingListenerOutputOperationCompleted;

import scala.Option;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Tells when a batch is done, and how it failed if it did. */
final class Completed implements StreamingListener {
    private static final long PATIENCE_S = 30;

    private final Semaphore batches = new Semaphore(0);
    private String failure;

    @Override
    public synchronized void onOutputOperationCompleted(
            StreamingListenerOutputOperationCompleted completed) {
        Option<String> reason = completed.outputOperationInfo().failureReason();
        if (reason.isDefined()) {
            failure = reason.get();
        }
    }

    @Override
    public void onBatchCompleted(StreamingListenerBatchCompleted completed) {
        batches.release();
    }

    /** Waits for one more batch. */
    void await() throws InterruptedException, TimeoutException {
        if (!batches.tryAcquire(PATIENCE_S, TimeUnit.SECONDS)) {
            throw new TimeoutException("a batch is not done after " + PATIENCE_S + " s");
        }
    }

    /** How something failed since the last time, if it did. */
    synchronized String takeFailure() {
        String taken = failure;
        failure = null;
        return taken;
    }
}
