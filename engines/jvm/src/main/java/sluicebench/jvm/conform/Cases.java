package sluicebench.jvm.conform;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;
import sluicebench.jvm.Json;

import java.io.File;
import java.io.PrintStream;
import java.util.List;

/**
 * Puts the cases of a file to an engine, one after the other, and says a line of JSON for each. The
 * process ends with the harness, which closes its standard input.
 */
public final class Cases {
    /** Reads JSON into maps, lists, numbers and text. */
    public interface Parser {
        Object parse(File file) throws Exception;
    }

    /** An engine. */
    public interface Engine {
        Answers answer(Case asked) throws Exception;
    }

    /** Starts an engine that works at a parallelism. */
    public interface Start {
        Engine start(int parallelism) throws Exception;
    }

    private static final int FAILED_EXIT = 1;

    private Cases() {}

    public static void put(String[] args, Parser parser, Start start) {
        // What an engine prints is none of what the harness hears.
        PrintStream told = System.out;
        System.setOut(System.err);
        Thread lease = new Thread(Control::endWithParent, "sluice-parent");
        lease.setDaemon(true);
        lease.start();
        try {
            Arguments arguments = new Arguments(args);
            File file = new File(arguments.text("cases"));
            Engine engine = start.start(arguments.parallelism());
            for (Object json : (List<?>) parser.parse(file)) {
                Case asked = Case.of(json);
                told.println(answer(engine, asked));
                told.flush();
            }
        } catch (Throwable e) {
            System.err.println("Error: " + Control.sentence(e));
            Runtime.getRuntime().halt(FAILED_EXIT);
        }
        // Threads of an engine that linger do not keep the process.
        Runtime.getRuntime().halt(0);
    }

    private static String answer(Engine engine, Case asked) {
        try {
            return engine.answer(asked).toJson(asked.name());
        } catch (Unsupported e) {
            return Json.object("case", asked.name(), "unsupported", e.getMessage());
        } catch (Exception e) {
            return Json.object("case", asked.name(), "failed", Control.sentence(e));
        }
    }
}
