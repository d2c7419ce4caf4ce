package sluicebench.flink;

import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.AllWindowedStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.Line;
import sluicebench.jvm.NumberedAnswer;

/**
 * What do the last so many values of each key, or of all keys, come to, each time that some more
 * have come? Flink's count windows: those that do not overlap aggregate as they go, and of the
 * others every element is kept, for an evictor to take those that are too old.
 */
final class KeyedCount {
    private KeyedCount() {}

    static <E extends KeyedEvent> void ask(
            DataStream<E> events, Arguments arguments, AnswerSink<NumberedAnswer> answers) {
        long size = arguments.number("size", 1);
        long slide = arguments.number("slide", 1);
        if (arguments.isGlobal()) {
            AllWindowedStream<E, GlobalWindow> windows =
                    size == slide
                            ? events.countWindowAll(size)
                            : events.countWindowAll(size, slide);
            windows.aggregate(new Spread<>(), new NumberAll()).sinkTo(answers);
        } else {
            KeyedStream<E, Long> keyed = events.keyBy(event -> event.key);
            WindowedStream<E, Long, GlobalWindow> windows =
                    size == slide ? keyed.countWindow(size) : keyed.countWindow(size, slide);
            windows.aggregate(new Spread<>(), new NumberOfKey()).sinkTo(answers);
        }
    }

    /** The same of the words of lines, each of which is an event with the word as its key. */
    static void askWords(
            DataStream<Line> lines, Arguments arguments, AnswerSink<NumberedAnswer> answers) {
        FlatMapFunction<Line, KeyedEvent> words =
                (line, out) -> {
                    for (long word : line.words) {
                        KeyedEvent event = new KeyedEvent();
                        event.due = line.due;
                        event.eventTime = line.eventTime;
                        event.key = word;
                        event.value = 1;
                        out.collect(event);
                    }
                };
        DataStream<KeyedEvent> events =
                lines.flatMap(words, Types.POJO(KeyedEvent.class))
                        // Beside its source, so that words stay in the order of their lines.
                        .setParallelism(lines.getParallelism());
        ask(events, arguments, answers);
    }
}
