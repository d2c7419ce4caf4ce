package sluicebench.flink.conform;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.GlobalWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.evictors.CountEvictor;
import org.apache.flink.streaming.api.windowing.evictors.TimeEvictor;
import org.apache.flink.streaming.api.windowing.triggers.CountTrigger;
import org.apache.flink.streaming.api.windowing.triggers.EventTimeTrigger;
import org.apache.flink.streaming.api.windowing.triggers.PurgingTrigger;
import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

import sluicebench.jvm.conform.Parameters;
import sluicebench.jvm.conform.Unsupported;

import java.time.Duration;
import java.util.LongSummaryStatistics;
import java.util.StringJoiner;

/** What do the values of each key come to, per window? With every knob that windows have. */
final class WindowAggregate {
    private WindowAggregate() {}

    static void ask(DataStream<Element> events, Parameters spec) {
        KeyedStream<Element, String> keyed = events.keyBy(event -> event.key);
        Parameters assigner = spec.table("assigner");
        Parameters trigger = spec.table("trigger");
        if (assigner.text("time", "event").equals("processing")
                || trigger.text("type").equals("processing_time")) {
            throw new Unsupported(
                    "lets nobody set its clock but in its own test harness, which is no part of a"
                            + " distribution");
        }
        switch (assigner.text("type")) {
            case "tumbling" ->
                    ask(
                            keyed.window(
                                    TumblingEventTimeWindows.of(
                                            millis(assigner, "size"), offset(assigner))),
                            ofTimeWindows(trigger),
                            spec);
            case "sliding" ->
                    ask(
                            keyed.window(
                                    SlidingEventTimeWindows.of(
                                            millis(assigner, "size"),
                                            millis(assigner, "slide"),
                                            offset(assigner))),
                            ofTimeWindows(trigger),
                            spec);
            case "session" ->
                    ask(
                            keyed.window(EventTimeSessionWindows.withGap(millis(assigner, "gap"))),
                            ofTimeWindows(trigger),
                            spec);
            case "global" -> {
                WindowAssigner<Object, GlobalWindow> windows =
                        trigger.text("type").equals("end_of_stream")
                                ? GlobalWindows.createWithEndOfStreamTrigger()
                                : GlobalWindows.create();
                ask(keyed.window(windows), ofGlobalWindows(trigger), spec);
            }
            default -> throw new Unsupported("has no " + assigner.text("type") + " windows");
        }
    }

    private static <W extends Window> void ask(
            WindowedStream<Element, String, W> windows,
            Trigger<Object, W> trigger,
            Parameters spec) {
        OutputTag<Element> late = new OutputTag<>("late", CaseJob.ELEMENTS);
        windows.allowedLateness(Duration.ofMillis(spec.number("allowed_lateness", 0)))
                .sideOutputLateData(late);
        if (trigger != null) {
            windows.trigger(trigger);
        }
        if (spec.has("evictor")) {
            evict(windows, spec.table("evictor"));
        }
        String aggregate = spec.text("agg");
        SingleOutputStreamOperator<Answer> answers =
                aggregate.equals("sum")
                        ? windows.reduce(
                                Element::plus, new About<>(aggregate), CaseJob.ANSWERS)
                        : windows.process(new About<>(aggregate), CaseJob.ANSWERS);
        Outlet.ofAnswers(answers);
        Outlet.ofLate(answers.getSideOutput(late));
    }

    private static <W extends Window> void evict(
            WindowedStream<Element, String, W> windows, Parameters evictor) {
        boolean isAfter = evictor.text("when").equals("after");
        if (evictor.text("type").equals("count")) {
            windows.evictor(CountEvictor.of(evictor.number("count"), isAfter));
        } else {
            windows.evictor(TimeEvictor.of(millis(evictor, "size"), isAfter));
        }
    }

    private static Trigger<Object, TimeWindow> ofTimeWindows(Parameters trigger) {
        Trigger<Object, TimeWindow> when =
                switch (trigger.text("type")) {
                    case "event_time" -> EventTimeTrigger.create();
                    case "count" -> CountTrigger.of(trigger.number("count"));
                    default -> throw new Unsupported("fires no window of time at the end alone");
                };
        return trigger.isSet("purging") ? PurgingTrigger.of(when) : when;
    }

    /** The trigger of a window that never ends; none where it is its assigner's own. */
    private static Trigger<Object, GlobalWindow> ofGlobalWindows(Parameters trigger) {
        switch (trigger.text("type")) {
            case "end_of_stream" -> {
                return null;
            }
            case "count" -> {
                Trigger<Object, GlobalWindow> when = CountTrigger.of(trigger.number("count"));
                return trigger.isSet("purging") ? PurgingTrigger.of(when) : when;
            }
            default -> throw new Unsupported("has no time at which a global window fires");
        }
    }

    private static Duration millis(Parameters words, String name) {
        return Duration.ofMillis(words.number(name));
    }

    private static Duration offset(Parameters assigner) {
        return Duration.ofMillis(assigner.number("offset", 0));
    }

    /** Adds key and window to what the elements of a window come to. */
    private static final class About<W extends Window>
            extends ProcessWindowFunction<Element, Answer, String, W> {
        private static final long serialVersionUID = 1;

        private final String aggregate;

        About(String aggregate) {
            this.aggregate = aggregate;
        }

        @Override
        public void process(
                String key, Context context, Iterable<Element> elements, Collector<Answer> out) {
            Answer answer = Answer.of(key, value(elements));
            if (context.window() instanceof TimeWindow window) {
                answer.in(window.getStart(), window.getEnd());
            }
            out.collect(answer);
        }

        private String value(Iterable<Element> elements) {
            if (aggregate.equals("list")) {
                StringJoiner list = new StringJoiner(",", "[", "]");
                elements.forEach(element -> list.add(element.value));
                return list.toString();
            }
            if (aggregate.equals("count")) {
                long count = 0;
                for (Element element : elements) {
                    count++;
                }
                return Long.toString(count);
            }
            LongSummaryStatistics numbers = new LongSummaryStatistics();
            elements.forEach(element -> numbers.accept(element.number()));
            return Long.toString(
                    switch (aggregate) {
                        case "min" -> numbers.getMin();
                        case "max" -> numbers.getMax();
                        default -> numbers.getSum();
                    });
        }
    }
}
