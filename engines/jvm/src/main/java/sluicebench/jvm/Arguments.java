package sluicebench.jvm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the harness asks of a job: {@code --name value} pairs, of which {@code --set name=value} may
 * come again and again. Lengths of time are in microseconds. Every mistake is an {@link
 * IllegalArgumentException} that names the argument.
 */
public final class Arguments {
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> settings = new TreeMap<>();

    public Arguments(String[] args) {
        for (int at = 0; at < args.length; at += 2) {
            if (!args[at].startsWith("--") || at + 1 == args.length) {
                throw new IllegalArgumentException("'" + args[at] + "': expected --name value");
            }
            String name = args[at].substring(2);
            String value = args[at + 1];
            if (name.equals("set")) {
                int equals = value.indexOf('=');
                if (equals < 1) {
                    throw new IllegalArgumentException(
                            "--set " + value + ": expected --set name=value");
                }
                settings.put(value.substring(0, equals), value.substring(equals + 1));
            } else {
                values.put(name, value);
            }
        }
    }

    /** Whether an argument is there. */
    boolean has(String name) {
        return values.containsKey(name);
    }

    /** The value of an argument that has to be there. */
    public String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }

    /** The value of an argument that has to be there, a whole number of at least {@code least}. */
    public long number(String name, long least) {
        return wholeNumber("--" + name, text(name), least);
    }

    /** The same, of an argument that may be left out. */
    public long number(String name, long least, long otherwise) {
        return values.containsKey(name) ? number(name, least) : otherwise;
    }

    public int partitions() {
        return Math.toIntExact(number("partitions", 1));
    }

    public int parallelism() {
        return Math.toIntExact(number("parallelism", 1));
    }

    /** Whether one window holds all keys. */
    public boolean isGlobal() {
        return values.getOrDefault("global", "false").equals("true");
    }

    /** Whether sources and sinks dial from other processes than this one. */
    boolean hasReach() {
        return values.containsKey("reach");
    }

    /** Whether the job's work is done in processes that the harness did not start. */
    public boolean isElsewhere() {
        return values.containsKey("reach") || values.containsKey("master");
    }

    /** A setting of the engine, a whole number of at least {@code least}. */
    public long setting(String name, long least, long otherwise) {
        String value = settings.get(name);
        return value == null ? otherwise : wholeNumber("--set " + name, value, least);
    }

    /** A setting of the engine, one of these words, the first of which is the default. */
    public String setting(String name, List<String> words) {
        String value = settings.getOrDefault(name, words.get(0));
        if (!words.contains(value)) {
            throw new IllegalArgumentException(
                    "--set " + name + "=" + value + ": expected one of " + words);
        }
        return value;
    }

    /** Refuses settings that the engine does not know. */
    public void refuseSettingsBut(String... known) {
        TreeSet<String> unknown = new TreeSet<>(settings.keySet());
        unknown.removeAll(List.of(known));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "--set " + unknown.first() + ": expected one of " + List.of(known));
        }
    }

    private static long wholeNumber(String what, String value, long least) {
        long number;
        try {
            number = Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " " + value + ": expected a whole number");
        }
        if (number < least) {
            throw new IllegalArgumentException(
                    what + " " + value + ": expected " + least + " or more");
        }
        return number;
    }
}
