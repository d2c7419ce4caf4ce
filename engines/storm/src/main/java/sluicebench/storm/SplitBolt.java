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

/**
 * Splits lines into words: an event for each, whose key is the word. With times, what is behind it
 * is Storm's own windows, which take no marks.
 */
final class SplitBolt extends BaseRichBolt {
    private final boolean hasTimes;
    private final Outcome outcome;

    private transient OutputCollector collector;
    private transient Marks marks;

    SplitBolt(boolean hasTimes, Outcome outcome) {
        this.hasTimes = hasTimes;
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
        if (Marks.isMark(tuple)) {
            if (marks.advance(tuple)) {
                advance();
            }
        } else {
            Line line = (Line) tuple.getValue(1);
            for (long word : line.words) {
                KeyedEvent event = new KeyedEvent();
                event.due = line.due;
                event.eventTime = line.eventTime;
                event.key = word;
                collector.emit(
                        tuple,
                        hasTimes ? Timestamps.values(word, event) : new Values(word, event));
            }
        }
        collector.ack(tuple);
    }

    private void advance() {
        if (!hasTimes) {
            collector.emit(Marks.STREAM, new Values(marks.merged()));
        } else if (marks.merged() == Marks.END) {
            Timestamps.end().forEach(collector::emit);
        }
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        if (hasTimes) {
            declarer.declare(new Fields("key", "event", Timestamps.FIELD));
        } else {
            declarer.declare(new Fields("key", "event"));
            declarer.declareStream(Marks.STREAM, new Fields("mark"));
        }
    }
}
