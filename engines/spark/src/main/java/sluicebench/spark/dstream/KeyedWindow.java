package sluicebench.spark.dstream;

import org.apache.spark.streaming.api.java.JavaDStream;

import scala.Tuple2;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

/** What do the values of each key, or of all keys, come to, per window? */
final class KeyedWindow {
    private static final long ALL_KEYS = 0;

    private KeyedWindow() {}

    static <E extends KeyedEvent> void ask(
            JavaDStream<E> events, Cut cut, Answers<WindowAnswer> answers) {
        boolean isGlobal = cut.isGlobal();
        cut.answer(
                events.mapToPair(
                        event ->
                                new Tuple2<>(
                                        isGlobal ? ALL_KEYS : event.key,
                                        Part.of(event.due, event.value))),
                answers);
    }
}
