package sluicebench.flink;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Arguments;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Layouts;
import sluicebench.jvm.WindowAnswer;

/** What is asked, of which events, and where the answers go: the same in each of Flink's APIs. */
record Job(Arguments arguments, Harness harness, StreamExecutionEnvironment environment) {
    /** The question, and what it is asked of. */
    String question() {
        return arguments.text("question") + " of " + arguments.text("event");
    }

    IllegalArgumentException unknownQuestion() {
        return new IllegalArgumentException(
                "--question "
                        + arguments.text("question")
                        + " --event "
                        + arguments.text("event")
                        + ": Flink's job has no such question");
    }

    /** The input: as many sources as it has partitions. */
    <E extends Event> DataStream<E> events(EventLayout<E> layout) {
        return events(layout, Ticks.MILLIS);
    }

    /** The same, with timestamps and watermarks in such ticks. */
    <E extends Event> DataStream<E> events(EventLayout<E> layout, Ticks ticks) {
        int partitions = arguments.partitions();
        return environment
                .fromSource(
                        new PartitionedSource<>(harness, partitions, layout, ticks),
                        // The marks in the input are the watermarks, and the source emits them.
                        WatermarkStrategy.noWatermarks(),
                        "partitions",
                        Types.POJO(layout.type()))
                .setParallelism(partitions);
    }

    AnswerSink<WindowAnswer> windowAnswers() {
        return answers(new Layouts.Windows());
    }

    <A> AnswerSink<A> answers(AnswerLayout<A> layout) {
        return new AnswerSink<>(harness, layout);
    }
}
