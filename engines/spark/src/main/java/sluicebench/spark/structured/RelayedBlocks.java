package sluicebench.spark.structured;

import sluicebench.spark.Relay;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The blocks that hold events of a range, read from the driver as they are asked for. What has come
 * stands there, as a broker's log would beside a cluster: any executor may read any range of it,
 * also of a partition that another one read before.
 */
final class RelayedBlocks implements Iterator<PartitionLog.Block>, Closeable {
    private static final byte READ = Relay.OWN;

    /** Behind the last block. */
    private static final int END = -1;

    private final Relay.Connection connection;
    private int count;

    private RelayedBlocks(Relay.Connection connection) throws IOException {
        this.connection = connection;
        this.count = connection.in.readInt();
    }

    static Iterator<PartitionLog.Block> of(Relay relay, EventStream.Range range) {
        try {
            Relay.Connection connection = relay.ask(READ, range.partition());
            connection.out.writeLong(range.from());
            connection.out.writeLong(range.until());
            connection.out.flush();
            return new RelayedBlocks(connection);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the driver says to that. */
    static void serve(
            Input input, byte kind, int partition, DataInputStream in, DataOutputStream out)
            throws IOException {
        if (kind != READ) {
            return;
        }
        for (PartitionLog.Block block : input.blocks(partition, in.readLong(), in.readLong())) {
            out.writeInt(block.count());
            out.writeLong(block.first());
            out.writeInt(block.bytes().limit());
            out.write(block.bytes().array(), 0, block.bytes().limit());
        }
        out.writeInt(END);
        out.flush();
    }

    @Override
    public boolean hasNext() {
        return count != END;
    }

    @Override
    public PartitionLog.Block next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        try {
            long first = connection.in.readLong();
            byte[] bytes = new byte[connection.in.readInt()];
            connection.in.readFully(bytes);
            ByteBuffer frame = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            PartitionLog.Block block = new PartitionLog.Block(first, count, frame);
            count = connection.in.readInt();
            return block;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
