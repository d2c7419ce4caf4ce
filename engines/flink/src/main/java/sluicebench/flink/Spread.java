package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

/**
 * How many values, their sum, the smallest and the largest, and from when to when in event time they
 * are. A sum that 64 bits do not hold fails the job: nothing wraps.
 */
final class Spread<E extends KeyedEvent>
        implements AggregateFunction<E, Spread.State, WindowAnswer> {
    /** What it keeps for a key and a window. */
    public static class State {
        public long due;
        public long first = Long.MAX_VALUE;
        public long last = Long.MIN_VALUE;
        public long count;
        public long sum;
        public long min = Long.MAX_VALUE;
        public long max = Long.MIN_VALUE;
    }

    @Override
    public State createAccumulator() {
        return new State();
    }

    @Override
    public State add(E event, State state) {
        state.due = Math.max(state.due, event.due);
        state.first = Math.min(state.first, event.eventTime);
        state.last = Math.max(state.last, event.eventTime);
        state.count++;
        state.sum = Math.addExact(state.sum, event.value);
        state.min = Math.min(state.min, event.value);
        state.max = Math.max(state.max, event.value);
        return state;
    }

    @Override
    public State merge(State left, State right) {
        left.due = Math.max(left.due, right.due);
        left.first = Math.min(left.first, right.first);
        left.last = Math.max(left.last, right.last);
        left.count += right.count;
        left.sum = Math.addExact(left.sum, right.sum);
        left.min = Math.min(left.min, right.min);
        left.max = Math.max(left.max, right.max);
        return left;
    }

    @Override
    public WindowAnswer getResult(State state) {
        WindowAnswer answer = new WindowAnswer();
        answer.due = state.due;
        answer.count = state.count;
        answer.sum = state.sum;
        answer.min = state.min;
        answer.max = state.max;
        answer.start = state.first;
        answer.end = state.last + 1;
        return answer;
    }
}
