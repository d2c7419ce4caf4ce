package sluicebench.spark.structured;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecificInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructType;

import sluicebench.spark.Relay;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;

/**
 * The rows of a range of events, with the columns that are asked for. The row is the same each
 * time.
 */
final class EventRows implements PartitionReader<InternalRow> {
    private final Shape shape;
    private final InternalRow row;

    /** Which column of the event stands at each place of the row. */
    private final int[] columns;

    private final Iterator<PartitionLog.Block> blocks;
    private final long until;

    private ByteBuffer frame = ByteBuffer.allocate(0);
    private int position;

    /** The number of the next event, and of the first one behind the frame. */
    private long next;

    private long frameEnd;

    /** Reads from the driver's log: through a relay, or in this very process where there is none. */
    EventRows(EventStream.Range range, StructType required, Shape shape, Relay relay) {
        this.shape = shape;
        this.row = new SpecificInternalRow(required);
        this.columns = new int[required.size()];
        for (int at = 0; at < columns.length; at++) {
            columns[at] = shape.schema.fieldIndex(required.fields()[at].name());
        }
        this.until = range.until();
        this.next = range.from();
        this.frameEnd = next;
        this.blocks =
                relay != null
                        ? RelayedBlocks.of(relay, range)
                        : Input.ofThisProcess()
                                .blocks(range.partition(), range.from(), range.until())
                                .iterator();
    }

    @Override
    public boolean next() {
        if (next == until) {
            return false;
        }
        if (next == frameEnd) {
            open(blocks.next());
        }
        for (int at = 0; at < columns.length; at++) {
            int column = columns[at];
            if (column < shape.longs()) {
                row.setLong(at, frame.getLong(position + column * Long.BYTES));
            } else {
                row.update(at, last());
            }
        }
        position += shape.length(frame, position);
        next++;
        return true;
    }

    /** A block, from the next event on: a batch may have been cut in the midst of it. */
    private void open(PartitionLog.Block block) {
        frame = block.bytes();
        frameEnd = block.end();
        position = 0;
        for (long skipped = block.first(); skipped < next; skipped++) {
            position += shape.length(frame, position);
        }
    }

    /** The last column, which is no number. */
    private Object last() {
        if (shape == Shape.PADDED) {
            byte[] payload = new byte[Shape.PAYLOAD_LENGTH];
            frame.get(position + shape.longs() * Long.BYTES, payload);
            return payload;
        }
        long[] words = new long[frame.getInt(position + Shape.WORDS_AT)];
        for (int at = 0; at < words.length; at++) {
            int offset = Shape.WORDS_AT + Integer.BYTES + at * Long.BYTES;
            words[at] = frame.getLong(position + offset);
        }
        return UnsafeArrayData.fromPrimitiveArray(words);
    }

    @Override
    public InternalRow get() {
        return row;
    }

    @Override
    public void close() throws IOException {
        if (blocks instanceof Closeable connection) {
            connection.close();
        }
    }
}
