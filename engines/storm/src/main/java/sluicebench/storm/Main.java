package sluicebench.storm;

import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.BoltDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseWindowedBolt;
import org.apache.storm.topology.base.BaseWindowedBolt.Duration;
import org.apache.storm.tuple.Fields;
import org.apache.storm.utils.VersionInfo;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.KeyedEvent;
import sluicebench.jvm.Layouts;
import sluicebench.jvm.Line;
import sluicebench.jvm.PaddedEvent;
import sluicebench.jvm.WindowAnswer;
import sluicebench.storm.PartitionSpout.Ending;

import java.util.ArrayList;
import java.util.List;

/**
 * The questions as Storm's spouts and bolts ask them, in a local cluster in this process, whose
 * workers are parts of it that hand each other tuples as bytes. Windows are a bolt's own that acts
 * on the marks in the input; or Storm's, which look at the clock to see how far event time has come,
 * so that what is late for them is a race.
 */
public final class Main {
    private static final String EVENTS = "events";
    private static final String WORDS = "words";
    private static final String WINDOWS = "windows";
    private static final String ANSWERS = "answers";
    private static final String LATE = "late";
    private static final String LOOPBACK = "127.0.0.1";

    private static final List<Class<?>> SHIPPED =
            List.of(
                    KeyedEvent.class,
                    PaddedEvent.class,
                    Line.class,
                    WindowAnswer.class,
                    long[].class);

    private final Arguments arguments;
    private final Harness harness;
    private final boolean isAcked;
    private final boolean hasOwnWindows;
    private final Outcome outcome;
    private final TopologyBuilder builder = new TopologyBuilder();

    /** How many tasks are neither sources nor sinks. */
    private int between;

    private Main(
            Arguments arguments,
            Harness harness,
            boolean isAcked,
            boolean hasOwnWindows,
            Outcome outcome) {
        this.arguments = arguments;
        this.harness = harness;
        this.isAcked = isAcked;
        this.hasOwnWindows = hasOwnWindows;
        this.outcome = outcome;
    }

    public static void main(String[] args) {
        Control.run(args, Main::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut(
                "ackers",
                "max_spout_pending",
                "message_timeout_s",
                "workers",
                "windows",
                "watermark_interval_ms");
        int ackers = Math.toIntExact(arguments.setting("ackers", 0, 1));
        int pending = Math.toIntExact(arguments.setting("max_spout_pending", 1, 1000));
        int timeout = Math.toIntExact(arguments.setting("message_timeout_s", 1, 30));
        Config config = new Config();
        int workers = Math.toIntExact(arguments.setting("workers", 1, 1));
        config.setNumWorkers(workers);
        // What a worker hands to another one goes as bytes, and Storm takes no class for granted.
        SHIPPED.forEach(config::registerSerialization);
        config.setNumAckers(ackers);
        config.setMaxSpoutPending(pending);
        config.setMessageTimeoutSecs(timeout);
        control.note(Json.object("version", VersionInfo.getVersion()));
        control.settings(config);

        String question = arguments.text("question");
        String windows = arguments.setting("windows", List.of("marks", "storm"));
        boolean hasOwnWindows = windows.equals("storm") && !question.equals("identity");
        boolean isElsewhere = arguments.isElsewhere();
        Outcomes outcomes = Outcomes.at(isElsewhere ? Cluster.reach(arguments) : LOOPBACK);
        Main main = new Main(arguments, harness, ackers > 0, hasOwnWindows, outcomes.told());
        int tasks = main.ask(question, arguments.text("event"));
        outcomes.expectPrepared(main.between);
        StormTopology topology = main.builder.createTopology();
        if (isElsewhere) {
            Cluster.run(arguments, control, config, topology, look -> outcomes.await(tasks, look));
        } else {
            runHere(config, workers, topology);
            outcomes.await(tasks, () -> {});
        }
        control.note(Json.object("repeated", outcomes.repeated()));
        return outcomes.late();
    }

    private static void runHere(Config config, int workers, StormTopology topology)
            throws Exception {
        LocalCluster cluster =
                new LocalCluster.Builder()
                        .withSupervisors(1)
                        .withPortsPerSupervisor(workers)
                        .build();
        cluster.submitTopology("sluicebench", config, topology);
    }

    /** Builds what answers a question; returns how many tasks tell that they have ended. */
    private int ask(String question, String event) {
        return switch (question + " of " + event) {
            case "identity of keyed" -> identity(new Layouts.Keyed());
            case "identity of padded" -> identity(new Layouts.Padded());
            case "windows of keyed" -> windows(events(new Layouts.Keyed(), hasOwnWindows));
            case "windows of padded" -> windows(events(new Layouts.Padded(), hasOwnWindows));
            case "word-count of line" -> windows(words(events(new Layouts.Lines(), false)));
            default ->
                    throw new IllegalArgumentException(
                            "--question "
                                    + question
                                    + " --event "
                                    + event
                                    + ": Storm's job has no such question");
        };
    }

    /**
     * What emits the input: a spout with a task for each partition; or, where windows are Storm's, a
     * spout for each. It takes event time to have come as far as in the last of the streams, and
     * does not look at which task of one a tuple is from.
     */
    private <E extends Event> List<String> events(EventLayout<E> layout, boolean hasTimes) {
        int partitions = arguments.partitions();
        int spouts = hasOwnWindows ? partitions : 1;
        Ending ending = hasOwnWindows ? Ending.AT_ONCE : Ending.ACKNOWLEDGED;
        List<String> names = new ArrayList<>();
        for (int first = 0; first < spouts; first++) {
            PartitionSpout spout =
                    new PartitionSpout(
                            harness,
                            layout,
                            isAcked,
                            hasTimes,
                            ending,
                            outcome,
                            first,
                            partitions);
            String name = EVENTS + "-" + first;
            builder.setSpout(name, spout, partitions / spouts);
            names.add(name);
        }
        return names;
    }

    /**
     * The words of lines, split by as many tasks as there are partitions: lines and marks of one
     * that part and meet again would make a race of which words are late.
     */
    private List<String> words(List<String> lines) {
        List<String> names = new ArrayList<>();
        for (String from : lines) {
            String name = WORDS + "-" + names.size();
            SplitBolt split = new SplitBolt(hasOwnWindows, outcome);
            int tasks = arguments.partitions() / lines.size();
            between += tasks;
            BoltDeclarer words = builder.setBolt(name, split, tasks);
            words.localOrShuffleGrouping(from);
            words.allGrouping(from, Marks.STREAM);
            names.add(name);
        }
        return names;
    }

    private <E extends Event, L extends EventLayout<E> & AnswerLayout<E>> int identity(L layout) {
        for (String from : events(layout, false)) {
            answers(from, layout).shuffleGrouping(from);
        }
        return arguments.partitions() + arguments.parallelism();
    }

    /** Windows over what these emit, by its key. */
    private int windows(List<String> from) {
        Cut cut = Cut.of(arguments);
        between += windowTasks();
        int ends = hasOwnWindows ? ownWindows(cut, from) : windowsByMarks(cut, from);
        answers(WINDOWS, new Layouts.Windows()).localOrShuffleGrouping(WINDOWS);
        return arguments.partitions() + arguments.parallelism() + ends;
    }

    private int windowsByMarks(Cut cut, List<String> from) {
        WindowBolt bolt = new WindowBolt(cut, arguments.isGlobal(), outcome);
        BoltDeclarer windows = builder.setBolt(WINDOWS, bolt, windowTasks());
        for (String name : from) {
            windows.fieldsGrouping(name, new Fields("key"));
            windows.allGrouping(name, Marks.STREAM);
        }
        return windowTasks();
    }

    private int ownWindows(Cut cut, List<String> from) {
        int lag = Math.toIntExact(millisUp(arguments.number("watermark-delay-us", 0, 0)));
        int interval = Math.toIntExact(arguments.setting("watermark_interval_ms", 1, 1000));
        BaseWindowedBolt bolt =
                new TupleWindowBolt(cut, arguments.isGlobal(), outcome)
                        .withWindow(millis(cut.size()), millis(cut.slide()))
                        .withTimestampField(Timestamps.FIELD)
                        .withLag(Duration.of(Math.addExact(lag, Timestamps.LATER)))
                        .withWatermarkInterval(Duration.of(interval))
                        .withLateTupleStream(LATE);
        BoltDeclarer windows = builder.setBolt(WINDOWS, bolt, windowTasks());
        from.forEach(name -> windows.customGrouping(name, new KeyGrouping()));
        between++;
        BoltDeclarer late = builder.setBolt(LATE, new LateBolt(outcome), 1);
        late.globalGrouping(WINDOWS, LATE);
        late.allGrouping(WINDOWS, Marks.STREAM);
        return 1;
    }

    private int windowTasks() {
        return arguments.isGlobal() ? 1 : arguments.parallelism();
    }

    private static Duration millis(long micros) {
        if (micros % Timestamps.MICROS_PER_MILLI != 0) {
            throw new IllegalArgumentException(
                    micros + " us: Storm's windows have whole milliseconds");
        }
        return Duration.of(Math.toIntExact(micros / Timestamps.MICROS_PER_MILLI));
    }

    private static long millisUp(long micros) {
        return -Math.floorDiv(-micros, Timestamps.MICROS_PER_MILLI);
    }

    private <A> BoltDeclarer answers(String from, AnswerLayout<A> layout) {
        BoltDeclarer answers =
                builder.setBolt(
                        ANSWERS, new AnswerBolt<>(harness, layout, outcome), arguments.parallelism());
        answers.allGrouping(from, Marks.STREAM);
        return answers;
    }
}
