package sluicebench.spark.structured;

import org.apache.spark.sql.streaming.Trigger;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;

import java.util.Map;

/**
 * What Structured Streaming answers in real-time mode, which has no state: each row goes through as
 * it comes, in batches that last. Everything that is not set here is as Spark has it.
 */
public final class RealTime {
    private static final String BATCH_MIN = "spark.sql.streaming.realTimeMode.minBatchDuration";

    private RealTime() {}

    public static void main(String[] args) {
        Control.run(args, RealTime::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        long batchMs = RowByRow.batchMs(arguments);
        RowByRow query = new RowByRow(arguments, harness, control);
        query.run(
                Map.of(BATCH_MIN, batchMs + "ms"),
                FlowingProvider.class,
                "update",
                Trigger.RealTime(batchMs));
        return 0;
    }
}
