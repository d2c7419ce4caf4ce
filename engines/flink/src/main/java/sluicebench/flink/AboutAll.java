package sluicebench.flink;

import org.apache.flink.streaming.api.functions.windowing.ProcessAllWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

import sluicebench.jvm.WindowAnswer;

/** Says of an answer about all keys which window it is about. */
final class AboutAll extends ProcessAllWindowFunction<WindowAnswer, WindowAnswer, TimeWindow> {
    private static final long ALL_KEYS = 0;

    private final Ticks ticks;

    AboutAll(Ticks ticks) {
        this.ticks = ticks;
    }

    @Override
    public void process(
            Context context, Iterable<WindowAnswer> aggregated, Collector<WindowAnswer> out) {
        TimeWindow window = context.window();
        WindowAnswer answer = aggregated.iterator().next();
        long start = window.getStart() * ticks.micros();
        out.collect(answer.about(ALL_KEYS, start, window.getEnd() * ticks.micros()));
    }
}
