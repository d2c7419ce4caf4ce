package sluicebench.storm;

import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.topology.BoltDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;
import org.apache.storm.utils.VersionInfo;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Json;
import sluicebench.jvm.Layouts;

/**
 * The questions as Storm's spouts and bolts ask them, in a local cluster in this process. Windows
 * are a bolt's own that acts on the marks in the input: Storm's windowed bolt closes windows by the
 * wall clock, so that what is late for it is a race.
 */
public final class Main {
    private static final String EVENTS = "events";
    private static final String WORDS = "words";
    private static final String WINDOWS = "windows";
    private static final String ANSWERS = "answers";

    private final Arguments arguments;
    private final Harness harness;
    private final TopologyBuilder builder = new TopologyBuilder();

    private Main(Arguments arguments, Harness harness) {
        this.arguments = arguments;
        this.harness = harness;
    }

    public static void main(String[] args) {
        Control.run(args, Main::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        arguments.refuseSettingsBut("ackers", "max_spout_pending");
        int ackers = Math.toIntExact(arguments.setting("ackers", 0, 1));
        int pending = Math.toIntExact(arguments.setting("max_spout_pending", 1, 1000));
        Config config = new Config();
        config.setNumWorkers(1);
        config.setNumAckers(ackers);
        config.setMaxSpoutPending(pending);
        control.note(Json.object("version", VersionInfo.getVersion()));
        control.settings(config);

        Main main = new Main(arguments, harness);
        main.ask(arguments.text("question"), arguments.text("event"), ackers > 0);
        Outcome.expect(arguments.parallelism());
        LocalCluster cluster = new LocalCluster();
        cluster.submitTopology("sluicebench", config, main.builder.createTopology());
        long late = Outcome.await();
        control.note(Json.object("repeated", Outcome.repetitions()));
        return late;
    }

    private void ask(String question, String event, boolean isAcked) {
        switch (question + " of " + event) {
            case "identity of keyed" -> {
                spout(new Layouts.Keyed(), isAcked);
                identity(new Layouts.Keyed());
            }
            case "identity of padded" -> {
                spout(new Layouts.Padded(), isAcked);
                identity(new Layouts.Padded());
            }
            case "windows of keyed" -> {
                spout(new Layouts.Keyed(), isAcked);
                windows(EVENTS);
            }
            case "windows of padded" -> {
                spout(new Layouts.Padded(), isAcked);
                windows(EVENTS);
            }
            case "word-count of line" -> {
                spout(new Layouts.Lines(), isAcked);
                // As many as partitions: lines and marks of a partition that part and meet again
                // would
                // make a race of which words are late.
                BoltDeclarer words =
                        builder.setBolt(WORDS, new SplitBolt(), arguments.partitions());
                words.localOrShuffleGrouping(EVENTS);
                words.allGrouping(EVENTS, Marks.STREAM);
                windows(WORDS);
            }
            default ->
                    throw new IllegalArgumentException(
                            "--question "
                                    + question
                                    + " --event "
                                    + event
                                    + ": Storm's job has no such question");
        }
    }

    private <E extends Event> void spout(EventLayout<E> layout, boolean isAcked) {
        int partitions = arguments.partitions();
        PartitionSpout spout = new PartitionSpout(harness, layout, isAcked);
        builder.setSpout(EVENTS, spout, partitions);
    }

    private <A> void identity(AnswerLayout<A> layout) {
        answers(EVENTS, layout).shuffleGrouping(EVENTS);
    }

    /** Windows over what a component emits, by its key. */
    private void windows(String from) {
        Cut cut = Cut.of(arguments);
        boolean isGlobal = arguments.isGlobal();
        int parallelism = isGlobal ? 1 : arguments.parallelism();
        BoltDeclarer windows = builder.setBolt(WINDOWS, new WindowBolt(cut, isGlobal), parallelism);
        if (isGlobal) {
            windows.globalGrouping(from);
        } else {
            windows.fieldsGrouping(from, new Fields("key"));
        }
        windows.allGrouping(from, Marks.STREAM);
        answers(WINDOWS, new Layouts.Windows()).localOrShuffleGrouping(WINDOWS);
    }

    private <A> BoltDeclarer answers(String from, AnswerLayout<A> layout) {
        BoltDeclarer answers =
                builder.setBolt(
                        ANSWERS, new AnswerBolt<>(harness, layout), arguments.parallelism());
        answers.allGrouping(from, Marks.STREAM);
        return answers;
    }
}
