package sluicebench.flink;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.util.OutputTag;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

import java.time.Duration;

/**
 * What do the values of each key, or of all keys, come to, per session? Flink's session windows,
 * which merge where they overlap or touch, with incremental aggregation. Times are in microseconds:
 * where a session begins and ends is told by its events, and cut to milliseconds two of them might
 * be one. A duration of a millisecond is one tick.
 */
final class KeyedSession {
    private KeyedSession() {}

    static <E extends KeyedEvent> void ask(
            DataStream<E> events, Arguments arguments, AnswerSink<WindowAnswer> answers) {
        ask(events, arguments, Aggregates.of(arguments), answers);
    }

    private static <E extends KeyedEvent, S> void ask(
            DataStream<E> events,
            Arguments arguments,
            AggregateFunction<E, S, WindowAnswer> aggregate,
            AnswerSink<WindowAnswer> answers) {
        EventTimeSessionWindows sessions =
                EventTimeSessionWindows.withGap(ticks(arguments.number("gap-us", 1)));
        Duration lateness = ticks(arguments.number("lateness-us", 0));
        OutputTag<E> late = new OutputTag<>("late", events.getType());
        SingleOutputStreamOperator<WindowAnswer> answered =
                arguments.isGlobal()
                        ? events.windowAll(sessions)
                                .allowedLateness(lateness)
                                .sideOutputLateData(late)
                                .aggregate(aggregate, new AboutAll(Ticks.MICROS))
                        : events.keyBy(event -> event.key)
                                .window(sessions)
                                .allowedLateness(lateness)
                                .sideOutputLateData(late)
                                .aggregate(aggregate, new AboutKey(Ticks.MICROS));
        answered.getSideOutput(late).process(new LateRecords<>());
        answered.sinkTo(answers);
    }

    /** So many ticks, as Flink reads a duration. */
    private static Duration ticks(long micros) {
        return Duration.ofMillis(micros);
    }
}
