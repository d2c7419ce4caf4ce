package sluicebench.spark.dstream;

import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.scheduler.BatchInfo;
import org.apache.spark.streaming.scheduler.ReceiverInfo;
import org.apache.spark.streaming.scheduler.StreamInputInfo;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import org.apache.spark.streaming.scheduler.StreamingListenerReceiverError;
import org.apache.spark.streaming.scheduler.StreamingListenerReceiverStopped;

import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

import sluicebench.jvm.Control;
import sluicebench.jvm.Json;
import sluicebench.jvm.Machine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells the harness of each batch: up to which event it reached in each partition, how long it
 * waited and took. Knows when the last one was, too: the one whose windows hold nothing any more.
 */
final class Batches implements StreamingListener {
    private static final long POLL_MS = 50;

    /** How many batches may wait at a time when only windows are left to close. */
    private static final int WAITING_MAX = 4;

    private final Control control;
    private final int partitions;
    private final long intervalMs;
    private final long[] until;

    /** For how long after its batch an event is answered, in milliseconds. */
    private long goesOnFor;

    private long lastWithEvents;
    private long lastBatch;

    Batches(Control control, int partitions, long intervalMs) {
        this.control = control;
        this.partitions = partitions;
        this.intervalMs = intervalMs;
        this.until = new long[partitions];
    }

    void goOnFor(long millis) {
        goesOnFor = millis;
    }

    /** Waits until all events have come and were answered for the last time. */
    void awaitLast(JavaStreamingContext context) throws Exception {
        while (!hasAll()) {
            await(context);
        }
        BatchClock.hurry(WAITING_MAX, intervalMs);
        while (!isOver()) {
            await(context);
        }
    }

    private static void await(JavaStreamingContext context) throws Exception {
        Reception.check();
        context.awaitTerminationOrTimeout(POLL_MS);
    }

    /** Whether all events have come, and are in batches that were completed. */
    private synchronized boolean hasAll() {
        long answered = 0;
        for (long events : until) {
            answered += events;
        }
        return Reception.isComplete(partitions, answered);
    }

    private synchronized boolean isOver() {
        return lastBatch >= lastWithEvents + goesOnFor;
    }

    @Override
    public synchronized void onBatchCompleted(StreamingListenerBatchCompleted completed) {
        BatchInfo info = completed.batchInfo();
        Map<Object, StreamInputInfo> inputs =
                CollectionConverters.asJava(info.streamIdToInputInfo());
        for (Map.Entry<Object, StreamInputInfo> input : inputs.entrySet()) {
            until[(Integer) input.getKey()] += input.getValue().numRecords();
        }
        lastBatch = info.batchTime().milliseconds();
        if (info.numRecords() > 0) {
            lastWithEvents = lastBatch;
        }
        Map<String, Object> batch = new LinkedHashMap<>();
        batch.put("time_ms", lastBatch);
        // Not later than now, whatever clock cuts batches.
        batch.put("closed_ns", Math.min(Machine.nanoTimeAt(lastBatch), System.nanoTime()));
        batch.put("until", until.clone());
        batch.put("input_rows", info.numRecords());
        batch.put("scheduling_delay_ms", orZero(info.schedulingDelay()));
        batch.put("processing_ms", orZero(info.processingDelay()));
        control.note(Json.object("batch", batch));
        BatchClock.completed(lastBatch);
    }

    @Override
    public void onReceiverError(StreamingListenerReceiverError error) {
        failed(error.receiverInfo());
    }

    /** Of one that stops by an error; what is told to stop has none. */
    @Override
    public void onReceiverStopped(StreamingListenerReceiverStopped stopped) {
        if (!stopped.receiverInfo().lastError().isEmpty()) {
            failed(stopped.receiverInfo());
        }
    }

    private static void failed(ReceiverInfo receiver) {
        // Spark hands on a stack trace, which begins with what has failed.
        String cause = receiver.lastError().lines().findFirst().orElse("for no reason given");
        Reception.failed(receiver.lastErrorMessage() + ": " + cause);
    }

    private static long orZero(Option<Object> millis) {
        return millis.isDefined() ? (Long) millis.get() : 0;
    }
}
