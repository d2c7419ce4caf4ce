package sluicebench.flink.conform;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Where answers and late events come out, in the process of the one who put the case. */
final class Outlet {
    private Outlet() {}

    static void ofAnswers(DataStream<Answer> answers) {
        answers.process(new OfAnswers());
    }

    static void ofLate(DataStream<Element> late) {
        late.process(new OfLate());
    }

    private static final class OfAnswers extends ProcessFunction<Answer, Void> {
        private static final long serialVersionUID = 1;

        @Override
        public void processElement(Answer answer, Context context, Collector<Void> out) {
            Stage.current().answer(answer, context.timestamp());
        }
    }

    private static final class OfLate extends ProcessFunction<Element, Void> {
        private static final long serialVersionUID = 1;

        @Override
        public void processElement(Element element, Context context, Collector<Void> out) {
            Stage.current().late(element.index);
        }
    }
}
