package sluicebench.jvm.conform;

import sluicebench.jvm.Json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an engine answers to a case, each row with the item of the input that it came with. */
public final class Answers {
    private final List<Object> rows = new ArrayList<>();
    private List<Object> late;
    private List<Object> lateInBatches;

    /** A row for a window, or for none where start and end are {@code null}. */
    public Map<String, Object> row(int index, Long start, Long end, String key, Object value) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("window_start", start);
        row.put("window_end", end);
        row.put("key", key);
        row.put("value", value);
        row.put("emitted_after_index", index);
        rows.add(row);
        return row;
    }

    /** How far event time has come. */
    public void watermark(int index, long watermark) {
        rows.add(Map.of("watermark", watermark, "emitted_after_index", index));
    }

    /** A failure that is an answer. */
    public void error(int index, String says) {
        rows.add(Map.of("error", says, "emitted_after_index", index));
    }

    /** From here on it is told which events are late. */
    public void tellLate() {
        late = new ArrayList<>();
    }

    public void late(int index) {
        late.add(index);
    }

    /** So many events are late in the batch that an item ends. */
    public void late(int index, long count) {
        if (lateInBatches == null) {
            lateInBatches = new ArrayList<>();
        }
        lateInBatches.add(Map.of("index", index, "count", count));
    }

    String toJson(String name) {
        List<Object> words = new ArrayList<>(List.of("case", name, "rows", rows));
        if (late != null) {
            words.addAll(List.of("late", late));
        }
        if (lateInBatches != null) {
            words.addAll(List.of("late_in_batches", lateInBatches));
        }
        return Json.object(words.toArray());
    }
}
