package sluicebench.storm;

import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Frame;
import sluicebench.jvm.Harness;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.SourceConnection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Emits a partition of the input, and its marks in between, or the time of each event instead. With
 * acking, what was not acknowledged in time is emitted again; the harness sends each event once, so
 * the spout keeps what is under way.
 */
final class PartitionSpout extends BaseRichSpout {
    /** When the end of the input is told to what is behind. */
    enum Ending {
        /** When all is acknowledged: what is emitted again must not come behind the end. */
        ACKNOWLEDGED,
        /** At once: Storm's own windows acknowledge what they hold when they have ended. */
        AT_ONCE
    }

    private static final int FRAMES_MAX = 16;

    private final Harness harness;
    private final EventLayout<? extends Event> layout;
    private final boolean isAcked;
    private final boolean hasTimes;
    private final Ending ending;
    private final Outcome outcome;
    private final int partition;
    private final int partitions;

    private transient SpoutOutputCollector collector;
    private transient BlockingQueue<Frame> frames;
    private transient ByteBuffer records;
    private transient Map<Long, Values> pending;
    private long emitted;
    private boolean hasEnded;
    private boolean hasToldEnd;

    /**
     * @param partition the first of those that the tasks of this spout emit, of {@code partitions}
     */
    PartitionSpout(
            Harness harness,
            EventLayout<? extends Event> layout,
            boolean isAcked,
            boolean hasTimes,
            Ending ending,
            Outcome outcome,
            int partition,
            int partitions) {
        this.harness = harness;
        this.layout = layout;
        this.isAcked = isAcked;
        this.hasTimes = hasTimes;
        this.ending = ending;
        this.outcome = outcome;
        this.partition = partition;
        this.partitions = partitions;
    }

    @Override
    public void open(
            Map<String, Object> config, TopologyContext context, SpoutOutputCollector collector) {
        this.collector = collector;
        this.frames = new ArrayBlockingQueue<>(FRAMES_MAX);
        this.records = ByteBuffer.allocate(0);
        this.pending = new HashMap<>();
        int index = partition + context.getThisTaskIndex();
        Thread thread = new Thread(() -> read(index), "sluice-source-" + index);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(int index) {
        try {
            // The harness takes a source that has dialled for one behind which all is ready.
            outcome.awaitPrepared();
            try (SourceConnection connection = new SourceConnection(harness, index, partitions)) {
                Frame frame;
                do {
                    frame = connection.next();
                    frames.put(frame);
                } while (frame.kind() != Frame.Kind.END);
            }
        } catch (IOException | InterruptedException e) {
            outcome.failed(e);
        }
    }

    /** Emits what has come next, if anything: Storm sleeps after a call that emits nothing. */
    @Override
    public void nextTuple() {
        while (!records.hasRemaining()) {
            Frame frame = frames.poll();
            if (frame == null) {
                return;
            }
            switch (frame.kind()) {
                case RECORDS -> records = frame.body();
                case MARK -> {
                    if (!hasTimes) {
                        collector.emit(Marks.STREAM, new Values(frame.mark()));
                        return;
                    }
                }
                case END -> {
                    hasEnded = true;
                    endIfAllIsDone();
                    return;
                }
            }
        }
        Event event = layout.read(records);
        long key = event instanceof KeyedEvent keyed ? keyed.key : 0;
        emit(hasTimes ? Timestamps.values(key, event) : new Values(key, event));
    }

    private void emit(Values values) {
        if (isAcked) {
            pending.put(emitted, values);
            collector.emit(values, emitted);
            emitted++;
        } else {
            collector.emit(values);
        }
    }

    @Override
    public void ack(Object id) {
        pending.remove((Long) id);
        endIfAllIsDone();
    }

    @Override
    public void fail(Object id) {
        outcome.repeated();
        collector.emit(pending.get((Long) id), id);
    }

    private void endIfAllIsDone() {
        if (hasEnded && !hasToldEnd && (ending == Ending.AT_ONCE || pending.isEmpty())) {
            hasToldEnd = true;
            if (hasTimes) {
                Timestamps.end().forEach(collector::emit);
            } else {
                collector.emit(Marks.STREAM, new Values(Marks.END));
            }
            outcome.ended(0);
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
