package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

/** How many values, and their sum. A sum that 64 bits do not hold fails the job: nothing wraps. */
final class CountAndSum<E extends KeyedEvent>
        implements AggregateFunction<E, CountAndSum.State, WindowAnswer> {
    /** What it keeps for a key and a window. */
    public static class State {
        public long due;
        public long count;
        public long sum;
    }

    @Override
    public State createAccumulator() {
        return new State();
    }

    @Override
    public State add(E event, State state) {
        state.due = Math.max(state.due, event.due);
        state.count++;
        state.sum = Math.addExact(state.sum, event.value);
        return state;
    }

    @Override
    public State merge(State left, State right) {
        left.due = Math.max(left.due, right.due);
        left.count += right.count;
        left.sum = Math.addExact(left.sum, right.sum);
        return left;
    }

    @Override
    public WindowAnswer getResult(State state) {
        WindowAnswer answer = new WindowAnswer();
        answer.due = state.due;
        answer.count = state.count;
        answer.sum = state.sum;
        return answer;
    }
}
