package sluicebench.storm;

import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Tuple;

import java.util.HashMap;
import java.util.Map;

/**
 * How far event time has come for a task: as far as in the last of the tasks that tell it. They
 * tell on a stream of their own, in between what they emit; the end is a mark behind all time.
 */
final class Marks {
    static final String STREAM = "marks";
    static final long END = Long.MAX_VALUE;

    private final Map<Integer, Long> byTask = new HashMap<>();
    private long merged = Long.MIN_VALUE;

    Marks(TopologyContext context) {
        for (GlobalStreamId source : context.getThisSources().keySet()) {
            if (source.get_streamId().equals(STREAM)) {
                for (int task : context.getComponentTasks(source.get_componentId())) {
                    byTask.put(task, Long.MIN_VALUE);
                }
            }
        }
    }

    static boolean isMark(Tuple tuple) {
        return tuple.getSourceStreamId().equals(STREAM);
    }

    /** Takes a mark; returns whether event time has come further. */
    boolean advance(Tuple mark) {
        byTask.merge(mark.getSourceTask(), mark.getLong(0), Math::max);
        long least = byTask.values().stream().mapToLong(Long::longValue).min().orElseThrow();
        boolean isNews = least > merged;
        merged = least;
        return isNews;
    }

    /** Nothing at this time or before it follows, in microseconds since the epoch. */
    long merged() {
        return merged;
    }
}
