package sluicebench.spark.structured;

import sluicebench.jvm.Frame;
import sluicebench.jvm.SourceConnection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What has come of one partition and belongs to no finished batch. A thread of its own reads the
 * socket until the log is full, and goes on when batches are finished: a query that falls behind
 * holds the harness back.
 */
final class PartitionLog {
    /** What a block takes beside its bytes, about. */
    private static final int BLOCK_OVERHEAD = 128;

    /** Events in a row, the first of which has this number. */
    record Block(long first, int count, ByteBuffer bytes) {
        long end() {
            return first + count;
        }
    }

    private final Shape shape;
    private final long bytesMax;

    private final ArrayDeque<Block> blocks = new ArrayDeque<>();
    private long bytes;
    private long end;
    private long greatestEventTime = Long.MIN_VALUE;
    private boolean hasBegun;
    private boolean hasEnded;
    private IOException failure;

    PartitionLog(Shape shape, long bytesMax) {
        this.shape = shape;
        this.bytesMax = bytesMax;
    }

    /** Whether nobody has begun to fill it so far; somebody has from now on. */
    synchronized boolean begin() {
        boolean isFirst = !hasBegun;
        hasBegun = true;
        return isFirst;
    }

    /** Reads a connection to its end. */
    void fill(SourceConnection connection) {
        try {
            Frame frame;
            do {
                frame = connection.next();
                switch (frame.kind()) {
                    case RECORDS -> append(frame.body());
                        // Spark has a watermark of its own and takes none from a source.
                    case MARK -> {}
                    case END -> finish(null);
                }
            } while (frame.kind() != Frame.Kind.END);
        } catch (IOException e) {
            finish(e);
        } catch (InterruptedException e) {
            finish(new IOException("interrupted while the log was full", e));
        }
    }

    private void append(ByteBuffer frame) throws InterruptedException {
        int count = 0;
        long greatest = Long.MIN_VALUE;
        int at = 0;
        while (at < frame.limit()) {
            long eventTime = frame.getLong(at + Shape.EVENT_TIME_AT);
            greatest = Math.max(greatest, eventTime);
            at += shape.length(frame, at);
            count++;
        }
        synchronized (this) {
            while (bytes > bytesMax) {
                wait();
            }
            blocks.add(new Block(end, count, frame));
            bytes += frame.capacity() + BLOCK_OVERHEAD;
            end += count;
            greatestEventTime = Math.max(greatestEventTime, greatest);
            notifyAll();
        }
    }

    private synchronized void finish(IOException cause) {
        hasEnded = true;
        failure = cause;
        notifyAll();
    }

    /**
     * Up to which event a batch that begins at {@code from} may reach: as far as there are any, in
     * half of the log, so that the other half fills while the batch is computed. What lies before
     * it is forgotten: Spark asks for a next batch when the one before is done, and would tell so
     * itself only with the next event, for which there may be no room.
     */
    synchronized long offer(long from) throws IOException {
        check();
        forget(from);
        long offered = from;
        long held = 0;
        for (Block block : blocks) {
            held += block.bytes().capacity() + BLOCK_OVERHEAD;
            if (held > bytesMax / 2 && offered > from) {
                break;
            }
            offered = block.end();
        }
        return offered;
    }

    /** Waits until there is an event of this number or nothing more will come, but not longer. */
    synchronized void await(long number, long millis) throws InterruptedException {
        long over = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (end <= number && !hasEnded) {
            long left = over - System.nanoTime();
            if (left <= 0) {
                return;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** How many events have come. */
    synchronized long end() {
        return end;
    }

    /** Whether nothing more will come; throws where that is because reading failed. */
    synchronized boolean hasEnded() throws IOException {
        check();
        return hasEnded;
    }

    private void check() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    synchronized long greatestEventTime() {
        return greatestEventTime;
    }

    /** The blocks that hold events from one number to before another. */
    synchronized List<Block> blocks(long from, long until) {
        List<Block> found = new ArrayList<>();
        for (Block block : blocks) {
            if (block.end() > from && block.first() < until) {
                found.add(block);
            }
        }
        return found;
    }

    private void forget(long until) {
        while (!blocks.isEmpty() && blocks.peek().end() <= until) {
            bytes -= blocks.poll().bytes().capacity() + BLOCK_OVERHEAD;
        }
        notifyAll();
    }

    /** Events as they would have come, that nobody sent. */
    static List<Block> madeUp(ByteBuffer events) {
        return List.of(new Block(0, 1, events.order(ByteOrder.LITTLE_ENDIAN)));
    }
}
