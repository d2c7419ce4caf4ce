package sluicebench.flink;

import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

import sluicebench.jvm.WindowAnswer;

/** Says of an answer which key and which window it is about. */
final class AboutKey extends ProcessWindowFunction<WindowAnswer, WindowAnswer, Long, TimeWindow> {
    private final Ticks ticks;

    AboutKey(Ticks ticks) {
        this.ticks = ticks;
    }

    @Override
    public void process(
            Long key,
            Context context,
            Iterable<WindowAnswer> aggregated,
            Collector<WindowAnswer> out) {
        TimeWindow window = context.window();
        WindowAnswer answer = aggregated.iterator().next();
        long start = window.getStart() * ticks.micros();
        out.collect(answer.about(key, start, window.getEnd() * ticks.micros()));
    }
}
