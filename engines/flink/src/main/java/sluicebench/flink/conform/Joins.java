package sluicebench.flink.conform;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

import sluicebench.jvm.conform.Parameters;
import sluicebench.jvm.conform.Unsupported;

import java.time.Duration;
import java.util.StringJoiner;

/** Which events of two inputs belong together? By their window, or by how far they are apart. */
final class Joins {
    private Joins() {}

    /** Pairs of one key and window. A result bears the last millisecond of its window. */
    static void window(DataStream<Element> left, DataStream<Element> right, Parameters spec) {
        Outlet.ofAnswers(
                left.join(right)
                        .where(event -> event.key)
                        .equalTo(event -> event.key)
                        .window(windows(spec))
                        .apply(Joins::pair, CaseJob.ANSWERS)
                        .process(new InWindow(size(spec)))
                        .returns(CaseJob.ANSWERS));
    }

    /** All events of one key and window, side by side. */
    static void cogroup(DataStream<Element> left, DataStream<Element> right, Parameters spec) {
        Outlet.ofAnswers(
                left.coGroup(right)
                        .where(event -> event.key)
                        .equalTo(event -> event.key)
                        .window(windows(spec))
                        .apply(
                                (ones, others, out) -> {
                                    Element any =
                                            ones.iterator().hasNext()
                                                    ? ones.iterator().next()
                                                    : others.iterator().next();
                                    String both = "[" + list(ones) + "," + list(others) + "]";
                                    out.collect(Answer.of(any.key, both));
                                },
                                CaseJob.ANSWERS)
                        .process(new InWindow(size(spec)))
                        .returns(CaseJob.ANSWERS));
    }

    /** Pairs of one key whose times are so far apart. */
    static void interval(DataStream<Element> left, DataStream<Element> right, Parameters spec) {
        KeyedStream<Element, String> ones = left.keyBy(event -> event.key);
        KeyedStream<Element, String> others = right.keyBy(event -> event.key);
        OutputTag<Element> lateOnes = new OutputTag<>("late-left", CaseJob.ELEMENTS);
        OutputTag<Element> lateOthers = new OutputTag<>("late-right", CaseJob.ELEMENTS);
        KeyedStream.IntervalJoined<Element, Element, String> joined =
                ones.intervalJoin(others)
                        .between(
                                Duration.ofMillis(spec.number("lower")),
                                Duration.ofMillis(spec.number("upper")))
                        .sideOutputLeftLateData(lateOnes)
                        .sideOutputRightLateData(lateOthers);
        if (!spec.isSet("lower_inclusive")) {
            joined.lowerBoundExclusive();
        }
        if (!spec.isSet("upper_inclusive")) {
            joined.upperBoundExclusive();
        }
        SingleOutputStreamOperator<Answer> answers = joined.process(new Pairs(), CaseJob.ANSWERS);
        Outlet.ofAnswers(answers);
        Outlet.ofLate(answers.getSideOutput(lateOnes));
        Outlet.ofLate(answers.getSideOutput(lateOthers));
    }

    private static TumblingEventTimeWindows windows(Parameters spec) {
        return TumblingEventTimeWindows.of(Duration.ofMillis(size(spec)));
    }

    private static long size(Parameters spec) {
        Parameters assigner = spec.table("assigner");
        if (!assigner.text("type").equals("tumbling")
                || !assigner.text("time", "event").equals("event")) {
            throw new Unsupported("is asked to join in tumbling windows of event time alone");
        }
        return assigner.number("size");
    }

    private static Answer pair(Element one, Element other) {
        return Answer.of(one.key, "[" + one.value + "," + other.value + "]");
    }

    private static String list(Iterable<Element> elements) {
        StringJoiner list = new StringJoiner(",", "[", "]");
        elements.forEach(element -> list.add(element.value));
        return list.toString();
    }

    private static final class Pairs extends ProcessJoinFunction<Element, Element, Answer> {
        private static final long serialVersionUID = 1;

        @Override
        public void processElement(
                Element one, Element other, Context context, Collector<Answer> out) {
            out.collect(pair(one, other));
        }
    }
}
