package sluicebench.jvm.conform;

/** What happens next in a case: an event, or something that its words say. */
public record Item(int index, Parameters words) {
    public boolean isEvent() {
        return words.has("t");
    }

    /** When an event happened, in milliseconds. */
    public long time() {
        return words.number("t");
    }

    public String key() {
        return words.text("key");
    }

    /** What an event carries; 1 where nothing is said. */
    public Object value() {
        return words.has("v") ? words.values().get("v") : Long.valueOf(1);
    }

    /** Whether it is of the right of two inputs. */
    public boolean isRight() {
        return "R".equals(words.text("side"));
    }

    /** Which of several inputs it is of. */
    public int channel() {
        return Math.toIntExact(words.number("stream", words.number("channel", 0)));
    }

    public boolean isWatermark() {
        return words.has("watermark");
    }

    public boolean endsBatch() {
        return words.isSet("batch_boundary");
    }

    public boolean endsStream() {
        return words.isSet("end_of_stream");
    }

    public boolean restores() {
        return words.isSet("snapshot_restore") || words.isSet("restart");
    }
}
