package sluicebench.flink;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Harness;
import sluicebench.jvm.Layouts;

/**
 * The questions as Flink's SQL asks them, of the same source and with the same sink as in the
 * DataStream API. Everything that is not set is as Flink has it.
 */
public final class SqlMain {
    private SqlMain() {}

    public static void main(String[] args) {
        Control.run(args, SqlMain::run);
    }

    private static long run(Arguments arguments, Harness harness, Control control)
            throws Exception {
        Main.run(arguments, harness, control, SqlMain::ask);
        // Windows are aggregated in two phases. The second one counts what it drops, and those are
        // partial results of the first: how many records were late is known to nobody.
        return arguments.text("question").equals("identity") ? 0 : Control.UNKNOWN;
    }

    private static void ask(Job job) {
        switch (job.question()) {
            case "identity of keyed" -> SqlIdentity.ask(job, new Layouts.Keyed());
            case "identity of padded" -> SqlIdentity.ask(job, new Layouts.Padded());
            case "windows of keyed" -> SqlKeyedWindow.ask(job, new Layouts.Keyed());
            case "windows of padded" -> SqlKeyedWindow.ask(job, new Layouts.Padded());
            case "word-count of line" -> SqlWordCount.ask(job);
            default -> throw job.unknownQuestion();
        }
    }
}
