package sluicebench.jvm;

import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Where the harness listens, and how to introduce oneself there. It travels with the job to whoever
 * runs a source or a sink. It is no record: Kryo, with which Spark ships receivers, takes none.
 */
public final class Harness implements Serializable {
    /** What a connection is for. */
    public enum Role {
        CONTROL,
        SOURCE,
        SINK
    }

    /** Longer frames are none of the harness's. */
    static final int FRAME_MAX = 64 << 20;

    /**
     * Little, so that what waits is seen to wait, and not hidden by the system; set before
     * dialling.
     */
    private static final int RECEIVE_BUFFER = 128 << 10;

    private static final byte[] MAGIC = "SLUI".getBytes(StandardCharsets.US_ASCII);
    private static final short VERSION = 1;
    private static final int HELLO_LENGTH = 32;
    private static final int TOKEN_LENGTH = 16;

    private final String host;
    private final int port;

    /** Which harness it is, so that nobody else on the machine can dial in. */
    private final byte[] token;

    /** The way by a broker; null where frames go over the connections themselves. */
    final Topics topics;

    private Harness(String host, int port, byte[] token, Topics topics) {
        this.host = host;
        this.port = port;
        this.token = token;
        this.topics = topics;
    }

    /** The harness that started this process. */
    static Harness fromStart(Arguments arguments) {
        String connect = arguments.text("connect");
        int colon = connect.lastIndexOf(':');
        try {
            int port = Integer.parseInt(connect.substring(colon + 1));
            String host = connect.substring(0, Math.max(colon, 0));
            return new Harness(host, port, tokenFromStart(), Topics.fromStart(arguments));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--connect " + connect + ": expected HOST:PORT");
        }
    }

    private static byte[] tokenFromStart() {
        String digits = String.valueOf(System.getenv("SLUICEBENCH_TOKEN"));
        if (!digits.matches("[0-9a-fA-F]{" + 2 * TOKEN_LENGTH + "}")) {
            // Not a word about what it is: a token is nobody's business.
            throw new IllegalArgumentException("SLUICEBENCH_TOKEN: expected 32 hexadecimal digits");
        }
        return HexFormat.of().parseHex(digits);
    }

    /** A connection to the harness, introduced as number {@code index} of {@code count}. */
    SocketChannel dial(Role role, int index, int count) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        try {
            channel.connect(new InetSocketAddress(host, port));
        } catch (IOException e) {
            throw new IOException("no harness at " + host + ":" + port + ": " + e.getMessage());
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        ByteBuffer hello = ByteBuffer.allocate(HELLO_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        hello.put(MAGIC).putShort(VERSION).putShort((short) role.ordinal());
        hello.putInt(index).putInt(count).put(token).flip();
        writeFully(channel, hello);
        return channel;
    }

    static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Fills {@code bytes} to its limit. */
    static void readFully(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the connection to the harness was cut");
            }
        }
    }
}
