package sluicebench.flink;

import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

import sluicebench.jvm.WindowAnswer;

/** Says of an answer which key and which window it is about. */
final class AboutKey extends ProcessWindowFunction<WindowAnswer, WindowAnswer, Long, TimeWindow> {
    @Override
    public void process(
            Long key,
            Context context,
            Iterable<WindowAnswer> aggregated,
            Collector<WindowAnswer> out) {
        TimeWindow window = context.window();
        WindowAnswer answer = aggregated.iterator().next();
        long start = window.getStart() * Cut.MICROS_PER_MILLI;
        out.collect(answer.about(key, start, window.getEnd() * Cut.MICROS_PER_MILLI));
    }
}
