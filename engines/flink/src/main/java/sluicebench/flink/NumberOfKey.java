package sluicebench.flink;

import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.util.Collector;

import sluicebench.jvm.NumberedAnswer;
import sluicebench.jvm.WindowAnswer;

import java.io.IOException;

/** Says of an answer which key it is about, and which of the key's windows it is. */
final class NumberOfKey
        extends ProcessWindowFunction<WindowAnswer, NumberedAnswer, Long, GlobalWindow> {
    private static final ValueStateDescriptor<Long> WINDOWS =
            new ValueStateDescriptor<>("windows", Types.LONG);

    @Override
    public void process(
            Long key,
            Context context,
            Iterable<WindowAnswer> aggregated,
            Collector<NumberedAnswer> out)
            throws IOException {
        ValueState<Long> windows = context.globalState().getState(WINDOWS);
        long number = windows.value() == null ? 0 : windows.value();
        windows.update(number + 1);
        out.collect(new NumberedAnswer(number, key, aggregated.iterator().next()));
    }
}
