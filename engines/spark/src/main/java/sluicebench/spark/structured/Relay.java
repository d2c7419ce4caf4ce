package sluicebench.spark.structured;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Where the driver hands out the input and takes the answers, for tasks in executors of a cluster.
 * What has come stands in the driver, as a broker's log would beside a cluster: any executor may
 * read any range of it, also of a partition that another one read before.
 */
record Relay(String host, int port, byte[] token) implements Serializable {
    static final byte READ = 1;
    static final byte ANSWER = 2;

    /** Behind the last block, and behind the last answer. */
    static final int END = -1;

    private static final int CONNECT_MS = 20_000;
    private static final int BUFFER_LENGTH = 64 << 10;

    /** The blocks that hold events of a range; read as they are asked for. */
    Iterator<PartitionLog.Block> read(EventStream.Range range) {
        try {
            Connection connection = new Connection(READ, range.partition());
            connection.out.writeLong(range.from());
            connection.out.writeLong(range.until());
            connection.out.flush();
            return new Blocks(connection);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes the answers of a task. */
    Sender answer(int partition) throws IOException {
        return new Sender(new Connection(ANSWER, partition));
    }

    private final class Connection {
        private final Socket socket = new Socket();
        private final DataInputStream in;
        private final DataOutputStream out;

        Connection(byte kind, int partition) throws IOException {
            try {
                socket.connect(new InetSocketAddress(host, port), CONNECT_MS);
            } catch (IOException e) {
                throw new IOException(
                        "an executor finds no driver at " + host + ":" + port + ": " + e);
            }
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            out = new DataOutputStream(
                    new BufferedOutputStream(socket.getOutputStream(), BUFFER_LENGTH));
            out.write(token);
            out.writeByte(kind);
            out.writeInt(partition);
        }
    }

    private static final class Blocks implements Iterator<PartitionLog.Block>, Closeable {
        private final Connection connection;
        private int count;

        Blocks(Connection connection) throws IOException {
            this.connection = connection;
            this.count = connection.in.readInt();
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
            connection.socket.close();
        }
    }

    /** Sends answers as they are laid out for the harness. */
    static final class Sender {
        private final Connection connection;

        private Sender(Connection connection) {
            this.connection = connection;
        }

        void send(ByteBuffer answer) throws IOException {
            connection.out.writeInt(answer.remaining());
            connection.out.write(answer.array(), answer.position(), answer.remaining());
        }

        /** Returns when the driver has handed on all of them. */
        void finish() throws IOException {
            connection.out.writeInt(END);
            connection.out.flush();
            connection.in.readByte();
            connection.socket.close();
        }

        /** Of a task that has failed. */
        void abort() throws IOException {
            connection.socket.close();
        }
    }
}
