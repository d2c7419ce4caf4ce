package sluicebench.spark.structured;

import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

import sluicebench.jvm.Control;
import sluicebench.jvm.Json;
import sluicebench.jvm.Machine;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells the harness of each batch: up to which event it reached in each partition, by which
 * watermark it answered, how long it took.
 */
final class Progress extends StreamingQueryListener {
    private static final long MICROS_PER_MILLI = 1000;
    private static final long GRACE_S = 10;

    private final Control control;
    private final CountDownLatch isOver = new CountDownLatch(1);

    Progress(Control control) {
        this.control = control;
    }

    /** Waits until the last batch was told of. */
    void await() throws InterruptedException {
        isOver.await(GRACE_S, TimeUnit.SECONDS);
    }

    @Override
    public void onQueryStarted(QueryStartedEvent event) {}

    @Override
    public void onQueryProgress(QueryProgressEvent event) {
        StreamingQueryProgress progress = event.progress();
        Map<String, Object> batch = new LinkedHashMap<>();
        batch.put("id", progress.batchId());
        batch.put("until", EventOffset.parse(progress.sources()[0].endOffset()).until);
        batch.put("input_rows", progress.numInputRows());
        long started = Instant.parse(progress.timestamp()).toEpochMilli();
        batch.put("started_ns", Machine.nanoTimeAt(started));
        String watermark = progress.eventTime().get("watermark");
        if (watermark != null) {
            batch.put("watermark_us", Instant.parse(watermark).toEpochMilli() * MICROS_PER_MILLI);
        }
        Map<String, Long> durations = progress.durationMs();
        batch.put("trigger_ms", durations.getOrDefault("triggerExecution", 0L));
        batch.put("processing_ms", durations.getOrDefault("addBatch", 0L));
        batch.put("durations_ms", durations);
        for (StateOperatorProgress state : progress.stateOperators()) {
            batch.put("state_rows", state.numRowsTotal());
            batch.put("state_bytes", state.memoryUsedBytes());
            batch.put("late_groups", state.numRowsDroppedByWatermark());
        }
        control.note(Json.object("batch", batch));
    }

    @Override
    public void onQueryTerminated(QueryTerminatedEvent event) {
        isOver.countDown();
    }
}
