package sluicebench.flink;

import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Counts the records that a windowed operator sets aside: those that came too late for all of their
 * windows. It sets aside late ones that belong to no window, too, which were in nobody's way and
 * are not counted.
 */
final class LateRecords<T> extends ProcessFunction<T, Void> {
    static final String ACCUMULATOR = "late";

    /** None where each record has a place. */
    private final Cut cut;

    private final LongCounter count = new LongCounter();

    LateRecords(Cut cut) {
        this.cut = cut;
    }

    /** Of windows that leave nothing out. */
    LateRecords() {
        this(null);
    }

    @Override
    public void open(OpenContext context) {
        getRuntimeContext().addAccumulator(ACCUMULATOR, count);
    }

    @Override
    public void processElement(T record, Context context, Collector<Void> out) {
        if (cut == null || cut.isInWindow(context.timestamp())) {
            count.add(1);
        }
    }
}
