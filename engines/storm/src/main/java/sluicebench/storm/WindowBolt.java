package sluicebench.storm;

import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.WindowAnswer;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What do the values of each key, or of all keys, come to, per window? Windows are complete when
 * the marks say so. An event is acknowledged when it is counted: what is counted is in memory
 * alone.
 */
final class WindowBolt extends BaseRichBolt {
    private static final long ALL_KEYS = 0;

    private final Cut cut;
    private final boolean isGlobal;
    private final Outcome outcome;

    private transient OutputCollector collector;
    private transient Marks marks;

    /** What the values of each key come to so far, by the start of the window. */
    private transient TreeMap<Long, Map<Long, WindowAnswer>> windows;

    /** Windows that are complete by this mark were answered. */
    private long passed = Long.MIN_VALUE;

    /** So many events count in no window because they came too late. */
    private long late;

    WindowBolt(Cut cut, boolean isGlobal, Outcome outcome) {
        this.cut = cut;
        this.isGlobal = isGlobal;
        this.outcome = outcome;
    }

    @Override
    public void prepare(
            Map<String, Object> config, TopologyContext context, OutputCollector collector) {
        this.collector = collector;
        this.marks = new Marks(context);
        this.windows = new TreeMap<>();
        outcome.prepared();
    }

    @Override
    public void execute(Tuple tuple) {
        try {
            if (Marks.isMark(tuple)) {
                if (marks.advance(tuple)) {
                    pass(marks.merged());
                    collector.emit(Marks.STREAM, new Values(marks.merged()));
                    if (marks.merged() == Marks.END) {
                        outcome.ended(late);
                    }
                }
            } else {
                add((KeyedEvent) tuple.getValue(1));
            }
            collector.ack(tuple);
        } catch (ArithmeticException e) {
            outcome.failed(e);
        }
    }

    private void add(KeyedEvent event) {
        long key = isGlobal ? ALL_KEYS : event.key;
        boolean hasWindow = false;
        boolean counts = false;
        for (long start = cut.lastStart(event.eventTime);
                start > event.eventTime - cut.size();
                start -= cut.slide()) {
            hasWindow = true;
            if (cut.isOver(start, marks.merged())) {
                break;
            }
            counts = true;
            WindowAnswer answer =
                    windows.computeIfAbsent(start, any -> new HashMap<>())
                            .computeIfAbsent(key, any -> new WindowAnswer());
            cut.count(event, answer);
            if (cut.isComplete(start, marks.merged())) {
                answer(start, key, answer);
            }
        }
        if (hasWindow && !counts) {
            late++;
        }
    }

    /** Event time has come to this mark: answers what is complete, forgets what is over. */
    private void pass(long mark) {
        for (Map.Entry<Long, Map<Long, WindowAnswer>> window : windows.entrySet()) {
            long start = window.getKey();
            if (!cut.isComplete(start, mark)) {
                break;
            }
            if (!cut.isComplete(start, passed)) {
                window.getValue().forEach((key, answer) -> answer(start, key, answer));
            }
        }
        passed = mark;
        while (!windows.isEmpty() && cut.isOver(windows.firstKey(), mark)) {
            windows.pollFirstEntry();
        }
    }

    private void answer(long start, long key, WindowAnswer answer) {
        collector.emit(new Values(answer.copy().about(key, start, start + cut.size())));
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("answer"));
        declarer.declareStream(Marks.STREAM, new Fields("mark"));
    }
}
