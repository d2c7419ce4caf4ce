package sluicebench.storm;

import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseWindowedBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;
import org.apache.storm.windowing.TupleWindow;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What do the values of each key, or of all keys, come to, per window? Windows are Storm's own: it
 * hands over the tuples of one when event time has come so far, looked at now and then. What comes
 * while it looks may be in no window and not late either, as may what stands behind a tuple that is
 * further ahead than the lag; what happened before 1970 is late from the outset.
 */
final class TupleWindowBolt extends BaseWindowedBolt {
    private static final long ALL_KEYS = 0;

    private final Cut cut;
    private final boolean isGlobal;
    private final Outcome outcome;

    private transient OutputCollector collector;
    private boolean hasEnded;

    TupleWindowBolt(Cut cut, boolean isGlobal, Outcome outcome) {
        this.cut = cut;
        this.isGlobal = isGlobal;
        this.outcome = outcome;
    }

    @Override
    public void prepare(
            Map<String, Object> config, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        outcome.prepared();
    }

    @Override
    public void execute(TupleWindow window) {
        try {
            Map<Long, WindowAnswer> answers = new HashMap<>();
            boolean isLast = false;
            for (Tuple tuple : window.get()) {
                KeyedEvent event = (KeyedEvent) tuple.getValue(1);
                if (event == null) {
                    isLast = true;
                } else {
                    long key = isGlobal ? ALL_KEYS : event.key;
                    cut.count(event, answers.computeIfAbsent(key, any -> new WindowAnswer()));
                }
            }
            long end = window.getEndTimestamp() * Timestamps.MICROS_PER_MILLI;
            // Anchored to nothing: each answer would be to every tuple of the window otherwise.
            answers.forEach(
                    (key, answer) ->
                            collector.emit(
                                    List.of(),
                                    new Values(answer.about(key, end - cut.size(), end))));
            if (isLast && !hasEnded) {
                hasEnded = true;
                collector.emit(Marks.STREAM, List.of(), new Values(Marks.END));
            }
        } catch (RuntimeException e) {
            outcome.failed(e);
        }
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("answer"));
        declarer.declareStream(Marks.STREAM, new Fields("mark"));
    }
}
