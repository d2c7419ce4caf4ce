package sluicebench.jvm.conform;

import java.util.List;
import java.util.Map;

/** Names and values of a case, which the harness has checked. */
public record Parameters(Map<?, ?> values) {
    public boolean has(String name) {
        return values.get(name) != null;
    }

    public String text(String name) {
        return (String) values.get(name);
    }

    /** The same, or {@code otherwise} where it is not there. */
    public String text(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    public long number(String name) {
        if (!has(name)) {
            throw new Unsupported("is told no " + name);
        }
        return ((Number) values.get(name)).longValue();
    }

    public long number(String name, long otherwise) {
        return has(name) ? number(name) : otherwise;
    }

    /** Whether a flag is there and set. */
    public boolean isSet(String name) {
        return Boolean.TRUE.equals(values.get(name));
    }

    public Parameters table(String name) {
        return new Parameters((Map<?, ?>) values.get(name));
    }

    public List<?> list(String name) {
        return (List<?>) values.get(name);
    }

    /** A list of whole numbers. */
    public List<Long> numbers(String name) {
        return list(name).stream().map(number -> ((Number) number).longValue()).toList();
    }
}
