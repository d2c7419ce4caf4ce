package sluicebench.flink;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.table.api.Table;
import org.apache.flink.types.Row;

import sluicebench.jvm.WindowAnswer;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;

/** Makes an answer of a row. What is no column of its table was not asked for. */
final class ToAnswer implements MapFunction<Row, WindowAnswer> {
    /** How many milliseconds later it is told that windows are. */
    private final long later;

    // Where each of them stands; -1 is nowhere.
    private final int due;
    private final int start;
    private final int end;
    private final int key;
    private final int count;
    private final int sum;
    private final int min;
    private final int max;

    ToAnswer(Table table, long later) {
        this.later = later;
        List<String> names = table.getResolvedSchema().getColumnNames();
        due = names.indexOf("due");
        start = names.indexOf("window_start");
        end = names.indexOf("window_end");
        key = names.indexOf("key");
        count = names.indexOf("count");
        sum = names.indexOf("sum");
        min = names.indexOf("min");
        max = names.indexOf("max");
    }

    @Override
    public WindowAnswer map(Row row) {
        WindowAnswer answer = new WindowAnswer();
        answer.due = number(row, due);
        answer.start = micros(row, start);
        answer.end = micros(row, end);
        answer.key = number(row, key);
        answer.count = number(row, count);
        answer.sum = number(row, sum);
        answer.min = number(row, min);
        answer.max = number(row, max);
        return answer;
    }

    private static long number(Row row, int at) {
        return at < 0 ? 0 : (long) row.getField(at);
    }

    private long micros(Row row, int at) {
        LocalDateTime time = (LocalDateTime) row.getField(at);
        return (time.toInstant(ZoneOffset.UTC).toEpochMilli() - later) * Cut.MICROS_PER_MILLI;
    }
}
