package sluicebench.storm;

import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;

import java.io.IOException;
import java.util.Map;

/**
 * Sends answers to the harness, over a connection for each task. An answer is a tuple's last field.
 */
final class AnswerBolt<A> extends BaseRichBolt {
    private final Harness harness;
    private final AnswerLayout<A> layout;
    private final Outcome outcome;

    private transient OutputCollector collector;
    private transient Marks marks;
    private transient SinkConnection<A> connection;

    AnswerBolt(Harness harness, AnswerLayout<A> layout, Outcome outcome) {
        this.harness = harness;
        this.layout = layout;
        this.outcome = outcome;
    }

    @Override
    public void prepare(
            Map<String, Object> config, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        this.marks = new Marks(context);
        int index = context.getThisTaskIndex();
        int count = context.getComponentTasks(context.getThisComponentId()).size();
        try {
            this.connection = new SinkConnection<>(harness, index, count, layout);
        } catch (IOException e) {
            outcome.failed(e);
        }
    }

    @Override
    @SuppressWarnings("unchecked")
    public void execute(Tuple tuple) {
        try {
            if (!Marks.isMark(tuple)) {
                connection.send((A) tuple.getValue(tuple.size() - 1));
            } else if (marks.advance(tuple) && marks.merged() == Marks.END) {
                connection.end();
                outcome.ended(0);
            }
            collector.ack(tuple);
        } catch (IOException e) {
            outcome.failed(e);
        }
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {}
}
