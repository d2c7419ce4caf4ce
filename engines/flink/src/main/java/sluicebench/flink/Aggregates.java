package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

/** What is computed of values, by its name. */
final class Aggregates {
    private Aggregates() {}

    static <E extends KeyedEvent> AggregateFunction<E, ?, WindowAnswer> of(Arguments arguments) {
        String name = arguments.text("aggregate");
        return switch (name) {
            case "count-sum" -> new CountAndSum<>();
            case "summary" -> new Summary<>();
            default ->
                    throw new IllegalArgumentException(
                            "--aggregate " + name + ": expected count-sum or summary");
        };
    }
}
