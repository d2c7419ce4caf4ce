package sluicebench.spark.structured;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

import java.nio.ByteBuffer;

/**
 * What events look like, in a frame and as rows. Every column but the last is 64 bits wide, and the
 * first two are when the event was due and when it happened.
 */
enum Shape {
    KEYED(keyed()),
    PADDED(keyed().add("payload", DataTypes.BinaryType, false)),
    LINE(stamped().add("words", DataTypes.createArrayType(DataTypes.LongType, false), false));

    static final int EVENT_TIME_AT = Long.BYTES;
    static final int PAYLOAD_LENGTH = 32 * Long.BYTES;

    /** Where a line says how many words it has; the words follow. */
    static final int WORDS_AT = 2 * Long.BYTES;

    final StructType schema;

    Shape(StructType schema) {
        this.schema = schema;
    }

    /** How many columns are 64 bits wide, the first ones. */
    int longs() {
        return this == LINE ? 2 : 4;
    }

    /** How many bytes the event at this position of a frame has. */
    int length(ByteBuffer frame, int position) {
        return switch (this) {
            case KEYED -> 4 * Long.BYTES;
            case PADDED -> 4 * Long.BYTES + PAYLOAD_LENGTH;
            case LINE -> WORDS_AT + Integer.BYTES + frame.getInt(position + WORDS_AT) * Long.BYTES;
        };
    }

    private static StructType stamped() {
        return new StructType()
                .add("due", DataTypes.LongType, false)
                .add("event_time", DataTypes.TimestampType, false);
    }

    private static StructType keyed() {
        return stamped()
                .add("key", DataTypes.LongType, false)
                .add("value", DataTypes.LongType, false);
    }
}
