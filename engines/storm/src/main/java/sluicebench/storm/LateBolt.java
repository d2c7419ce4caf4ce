package sluicebench.storm;

import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

import java.util.Map;

/** Counts what Storm's own windows say came too late. */
final class LateBolt extends BaseRichBolt {
    private final Outcome outcome;

    private transient OutputCollector collector;
    private transient Marks marks;
    private long late;

    LateBolt(Outcome outcome) {
        this.outcome = outcome;
    }

    @Override
    public void prepare(
            Map<String, Object> config, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        this.marks = new Marks(context);
        outcome.prepared();
    }

    @Override
    public void execute(Tuple tuple) {
        if (!Marks.isMark(tuple)) {
            late++;
        } else if (marks.advance(tuple) && marks.merged() == Marks.END) {
            outcome.ended(late);
        }
        collector.ack(tuple);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {}
}
