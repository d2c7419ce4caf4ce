package sluicebench.flink;

import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.util.OutputTag;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Line;
import sluicebench.jvm.WindowAnswer;
import sluicebench.jvm.Word;

/** How often has each word been seen, per window? */
final class WordCount {
    private WordCount() {}

    static void ask(DataStream<Line> lines, Arguments arguments, AnswerSink<WindowAnswer> answers) {
        Cut cut = Cut.of(arguments);
        OutputTag<Word> late = new OutputTag<>("late", Types.POJO(Word.class));
        FlatMapFunction<Line, Word> words =
                (line, out) -> {
                    for (long word : line.words) {
                        out.collect(new Word(line.due, word));
                    }
                };
        SingleOutputStreamOperator<WindowAnswer> counts =
                lines.flatMap(words, Types.POJO(Word.class))
                        // Beside its source: lines and watermarks of a partition that part and meet
                        // again would make a race of which words are late.
                        .setParallelism(lines.getParallelism())
                        .keyBy(word -> word.word)
                        .window(cut.windows())
                        .allowedLateness(cut.lateness())
                        .sideOutputLateData(late)
                        .aggregate(new Count(), new AboutKey(Ticks.MILLIS));
        counts.getSideOutput(late).process(new LateRecords<>(cut));
        counts.sinkTo(answers);
    }
}
