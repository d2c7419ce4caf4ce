package sluicebench.spark;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/**
 * Where executors of a cluster find the driver, which takes their answers. It is no record: Kryo,
 * with which Spark ships receivers, takes none.
 */
public final class Relay implements Serializable {
    static final byte ANSWER = 1;

    /** Kinds of requests from here on are the job's own. */
    public static final byte OWN = 2;

    /** Behind the last answer. */
    static final int END = -1;

    private static final int CONNECT_MS = 20_000;
    private static final int BUFFER_LENGTH = 64 << 10;

    private final String host;
    private final int port;
    private final byte[] token;

    Relay(String host, int port, byte[] token) {
        this.host = host;
        this.port = port;
        this.token = token;
    }

    /** Takes the answers of a task. */
    public Sender answer(int partition) throws IOException {
        return new Sender(new Connection(ANSWER, partition));
    }

    /** Asks the driver for something, or tells it. */
    public Connection ask(byte kind, int partition) throws IOException {
        return new Connection(kind, partition);
    }

    /** To the driver; a request has been written to it, and not been sent. */
    public final class Connection implements Closeable {
        public final DataInputStream in;
        public final DataOutputStream out;
        private final Socket socket = new Socket();

        private Connection(byte kind, int partition) throws IOException {
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

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Sends answers as they are laid out for the harness. */
    public static final class Sender {
        private final Connection connection;

        private Sender(Connection connection) {
            this.connection = connection;
        }

        public void send(ByteBuffer answer) throws IOException {
            connection.out.writeInt(answer.remaining());
            connection.out.write(answer.array(), answer.position(), answer.remaining());
        }

        /** Returns when the driver has handed on all of them. */
        public void finish() throws IOException {
            connection.out.writeInt(END);
            connection.out.flush();
            connection.in.readByte();
            connection.close();
        }

        /** Of a task that has failed. */
        public void abort() throws IOException {
            connection.close();
        }
    }
}
