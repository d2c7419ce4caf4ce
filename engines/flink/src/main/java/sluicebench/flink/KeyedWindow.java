package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.util.OutputTag;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

/**
 * What do the values of each key, or of all keys, come to, per window? Incremental aggregation with
 * a window function that adds key and window, as the documentation has it.
 */
final class KeyedWindow {
    private KeyedWindow() {}

    static <E extends KeyedEvent> void ask(
            DataStream<E> events, Arguments arguments, AnswerSink<WindowAnswer> answers) {
        ask(events, arguments, Aggregates.of(arguments), answers);
    }

    private static <E extends KeyedEvent, S> void ask(
            DataStream<E> events,
            Arguments arguments,
            AggregateFunction<E, S, WindowAnswer> aggregate,
            AnswerSink<WindowAnswer> answers) {
        Cut cut = Cut.of(arguments);
        OutputTag<E> late = new OutputTag<>("late", events.getType());
        SingleOutputStreamOperator<WindowAnswer> answered =
                arguments.isGlobal()
                        // One task holds the window of all keys: that is what `windowAll` is, and
                        // there is no other way to have one in the DataStream API that does not add
                        // a second window over partial results.
                        ? events.windowAll(cut.windows())
                                .allowedLateness(cut.lateness())
                                .sideOutputLateData(late)
                                .aggregate(aggregate, new AboutAll(Ticks.MILLIS))
                        : events.keyBy(event -> event.key)
                                .window(cut.windows())
                                .allowedLateness(cut.lateness())
                                .sideOutputLateData(late)
                                .aggregate(aggregate, new AboutKey(Ticks.MILLIS));
        answered.getSideOutput(late).process(new LateRecords<>(cut));
        answered.sinkTo(answers);
    }
}
