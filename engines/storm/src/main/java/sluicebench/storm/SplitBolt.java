package sluicebench.storm;

import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.Line;

import java.util.Map;

/** Splits lines into words: an event for each, whose key is the word. */
final class SplitBolt extends BaseRichBolt {
    private transient OutputCollector collector;
    private transient Marks marks;

    @Override
    public void prepare(
            Map<String, Object> config, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        this.marks = new Marks(context);
    }

    @Override
    public void execute(Tuple tuple) {
        if (Marks.isMark(tuple)) {
            if (marks.advance(tuple)) {
                collector.emit(Marks.STREAM, new Values(marks.merged()));
            }
        } else {
            Line line = (Line) tuple.getValue(1);
            for (long word : line.words) {
                KeyedEvent event = new KeyedEvent();
                event.due = line.due;
                event.eventTime = line.eventTime;
                event.key = word;
                collector.emit(tuple, new Values(word, event));
            }
        }
        collector.ack(tuple);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("key", "event"));
        declarer.declareStream(Marks.STREAM, new Fields("mark"));
    }
}
