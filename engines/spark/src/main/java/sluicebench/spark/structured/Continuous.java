package sluicebench.spark.structured;

import org.apache.spark.sql.streaming.Trigger;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;

import java.util.Map;

/**
 * What Structured Streaming answers in continuous mode, which has no state: tasks run on and on,
 * and an epoch ends by the clock, with a checkpoint. Everything that is not set here is as Spark
 * has it.
 */
public final class Continuous {
    private Continuous() {}

    public static void main(String[] args) {
        Control.run(args, Continuous::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        long epochMs = RowByRow.batchMs(arguments);
        RowByRow query = new RowByRow(arguments, harness, control);
        query.run(Map.of(), EventProvider.class, "append", Trigger.Continuous(epochMs));
        return 0;
    }
}
