package sluicebench.spark.dstream;

import org.apache.spark.streaming.api.java.JavaDStream;

import scala.Tuple2;

import sluicebench.jvm.Line;
import sluicebench.jvm.WindowAnswer;

import java.util.Arrays;

/** How often has each word been seen, per window? */
final class WordCount {
    private WordCount() {}

    static void ask(JavaDStream<Line> lines, Cut cut, Answers<WindowAnswer> answers) {
        cut.answer(
                lines.flatMapToPair(
                        line ->
                                Arrays.stream(line.words)
                                        .mapToObj(word -> new Tuple2<>(word, Part.of(line.due, 0)))
                                        .iterator()),
                answers);
    }
}
