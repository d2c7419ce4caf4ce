package sluicebench.flink;

import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.windowing.ProcessAllWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.util.Collector;

import sluicebench.jvm.NumberedAnswer;
import sluicebench.jvm.WindowAnswer;

import java.io.IOException;

/** Says of an answer about all keys which window it is. */
final class NumberAll
        extends ProcessAllWindowFunction<WindowAnswer, NumberedAnswer, GlobalWindow> {
    private static final long ALL_KEYS = 0;

    private static final ValueStateDescriptor<Long> WINDOWS =
            new ValueStateDescriptor<>("windows", Types.LONG);

    @Override
    public void process(
            Context context,
            Iterable<WindowAnswer> aggregated,
            Collector<NumberedAnswer> out)
            throws IOException {
        ValueState<Long> windows = context.globalState().getState(WINDOWS);
        long number = windows.value() == null ? 0 : windows.value();
        windows.update(number + 1);
        out.collect(new NumberedAnswer(number, ALL_KEYS, aggregated.iterator().next()));
    }
}
