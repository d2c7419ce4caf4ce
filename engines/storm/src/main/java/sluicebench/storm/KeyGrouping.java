package sluicebench.storm;

import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.grouping.CustomStreamGrouping;
import org.apache.storm.task.WorkerTopologyContext;

import java.util.List;

/** To the task of the key, as by the field; to all tasks where there is no event. */
final class KeyGrouping implements CustomStreamGrouping {
    private transient List<Integer> all;
    private transient List<List<Integer>> each;

    @Override
    public void prepare(
            WorkerTopologyContext context, GlobalStreamId stream, List<Integer> targetTasks) {
        this.all = targetTasks;
        this.each = targetTasks.stream().map(List::of).toList();
    }

    @Override
    public List<Integer> chooseTasks(int taskId, List<Object> values) {
        if (values.get(1) == null) {
            return all;
        }
        return each.get(Math.floorMod(values.get(0).hashCode(), each.size()));
    }
}
