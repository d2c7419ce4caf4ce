package sluicebench.jvm;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The little JSON that notes need. */
public final class Json {
    private Json() {}

    /**
     * An object of these names and values, one after the other. Values are numbers, text, maps, and
     * arrays of {@code long}; everything else is its text.
     */
    public static String object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int at = 0; at < namesAndValues.length; at += 2) {
            object.put((String) namesAndValues[at], namesAndValues[at + 1]);
        }
        return value(object);
    }

    private static String value(Object value) {
        StringBuilder json = new StringBuilder();
        if (value instanceof Map<?, ?> map) {
            String before = "{";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.append(before).append(quoted(entry.getKey().toString()));
                json.append(':').append(value(entry.getValue()));
                before = ",";
            }
            return json.append(map.isEmpty() ? "{}" : "}").toString();
        }
        if (value instanceof long[] numbers) {
            return Arrays.toString(numbers);
        }
        boolean isBare =
                value instanceof Long || value instanceof Integer || value instanceof Boolean;
        return isBare ? value.toString() : quoted(String.valueOf(value));
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints()
                .forEach(
                        code -> {
                            if (code == '"' || code == '\\') {
                                json.append('\\').appendCodePoint(code);
                            } else if (code < ' ') {
                                json.append(String.format("\\u%04x", code));
                            } else {
                                json.appendCodePoint(code);
                            }
                        });
        return json.append('"').toString();
    }
}
