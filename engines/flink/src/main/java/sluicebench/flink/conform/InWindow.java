package sluicebench.flink.conform;

import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Adds the window to what a join says, which bears the last millisecond of it. */
final class InWindow extends ProcessFunction<Answer, Answer> {
    private static final long serialVersionUID = 1;

    private final long size;

    InWindow(long size) {
        this.size = size;
    }

    @Override
    public void processElement(Answer answer, Context context, Collector<Answer> out) {
        long end = context.timestamp() + 1;
        out.collect(answer.in(end - size, end));
    }
}
