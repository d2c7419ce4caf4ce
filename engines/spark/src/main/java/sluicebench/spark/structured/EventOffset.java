package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.streaming.Offset;

import sluicebench.jvm.Json;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far the input was read: so many events of each partition, and the one behind the last or not.
 */
final class EventOffset extends Offset {
    private static final Pattern JSON =
            Pattern.compile("\\{\"until\":\\[([0-9, ]*)\\],\"closed\":([01])\\}");

    final long[] until;
    final boolean isClosed;

    EventOffset(long[] until, boolean isClosed) {
        this.until = until;
        this.isClosed = isClosed;
    }

    static EventOffset parse(String json) {
        Matcher parts = JSON.matcher(json);
        if (!parts.matches()) {
            throw new IllegalArgumentException(json + " is no offset of this source");
        }
        String[] numbers = parts.group(1).split(", *");
        long[] until = Arrays.stream(numbers).mapToLong(Long::parseLong).toArray();
        return new EventOffset(until, parts.group(2).equals("1"));
    }

    @Override
    public String json() {
        return Json.object("until", until, "closed", isClosed ? 1 : 0);
    }
}
