package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;

import sluicebench.jvm.WindowAnswer;
import sluicebench.jvm.Word;

/** How many. */
final class Count implements AggregateFunction<Word, Count.State, WindowAnswer> {
    /** What it keeps for a key and a window. */
    public static class State {
        public long due;
        public long count;
    }

    @Override
    public State createAccumulator() {
        return new State();
    }

    @Override
    public State add(Word word, State state) {
        state.due = Math.max(state.due, word.due);
        state.count++;
        return state;
    }

    @Override
    public State merge(State left, State right) {
        left.due = Math.max(left.due, right.due);
        left.count += right.count;
        return left;
    }

    @Override
    public WindowAnswer getResult(State state) {
        WindowAnswer answer = new WindowAnswer();
        answer.due = state.due;
        answer.count = state.count;
        return answer;
    }
}
