package sluicebench.jvm;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;

/**
 * One partition of the input, frame by frame. It reads no further than it is asked to, so that an
 * engine that falls behind holds the harness back and nothing piles up here.
 */
public final class SourceConnection implements AutoCloseable {
    private static final int HEADER_LENGTH = 5;
    private static final int BUFFER_LENGTH = 256 << 10;

    private final ReadableByteChannel channel;
    private final int partition;

    /** What was read and not yet taken. */
    private final ByteBuffer read =
            ByteBuffer.allocateDirect(BUFFER_LENGTH).order(ByteOrder.LITTLE_ENDIAN).flip();

    public SourceConnection(Harness harness, int partition, int partitions) throws IOException {
        Topics.Dial dial = () -> harness.dial(Harness.Role.SOURCE, partition, partitions);
        this.channel =
                harness.topics == null ? dial.dial() : harness.topics.events(partition, dial);
        this.partition = partition;
    }

    /** The next frame; waits until there is one. After {@code END} there is none. */
    public Frame next() throws IOException {
        while (read.remaining() < HEADER_LENGTH) {
            readMore();
        }
        int kind = read.get();
        int length = read.getInt();
        if (kind < 1
                || kind > Frame.Kind.values().length
                || length < 0
                || length > Harness.FRAME_MAX) {
            throw new IOException(
                    "source "
                            + partition
                            + ": a frame of kind "
                            + kind
                            + " and "
                            + length
                            + " bytes is none of the protocol's");
        }
        ByteBuffer body = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (true) {
            int taken = Math.min(read.remaining(), body.remaining());
            body.put(body.position(), read, read.position(), taken);
            body.position(body.position() + taken);
            read.position(read.position() + taken);
            if (!body.hasRemaining()) {
                return new Frame(Frame.Kind.values()[kind - 1], body.flip());
            }
            readMore();
        }
    }

    private void readMore() throws IOException {
        read.compact();
        int length = channel.read(read);
        read.flip();
        if (length < 0) {
            throw new EOFException(
                    "source " + partition + ": the harness cut the connection before its end");
        }
    }

    /** Ends a {@link #next} that waits on another thread, too. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
