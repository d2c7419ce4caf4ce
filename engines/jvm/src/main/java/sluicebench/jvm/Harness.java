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

    /** Nobody waits longer for a harness that does not answer. */
    private static final int CONNECT_MS = 20_000;

    private final String host;
    private final int port;

    /** Which harness it is, so that nobody else on the machine can dial in. */
    private final byte[] token;

    /** Whether it asks each sink what its clock says, as sinks run in processes of others. */
    final boolean asksSinks;

    /** The way by a broker; null where frames go over the connections themselves. */
    final Topics topics;

    private Harness(String address, byte[] token, boolean asksSinks, Topics topics) {
        int colon = address.lastIndexOf(':');
        this.host = address.substring(0, Math.max(colon, 0));
        this.port = Integer.parseInt(address.substring(colon + 1));
        this.token = token;
        this.asksSinks = asksSinks;
        this.topics = topics;
    }

    /** The harness that started this process. */
    static Harness fromStart(Arguments arguments) {
        return at("connect", arguments, false);
    }

    /** The same as the workers of a cluster find it; this very one where none of them dials. */
    Harness forWorkers(Arguments arguments) {
        return arguments.hasReach() ? at("reach", arguments, true) : this;
    }

    private static Harness at(String argument, Arguments arguments, boolean asksSinks) {
        String address = arguments.text(argument);
        try {
            Topics topics = Topics.fromStart(arguments);
            return new Harness(address, tokenFromStart(), asksSinks, topics);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "--" + argument + " " + address + ": expected HOST:PORT");
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
            channel.socket().connect(new InetSocketAddress(host, port), CONNECT_MS);
        } catch (IOException e) {
            channel.close();
            throw absent(e);
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        ByteBuffer hello = ByteBuffer.allocate(HELLO_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        hello.put(MAGIC).putShort(VERSION).putShort((short) role.ordinal());
        hello.putInt(index).putInt(count).put(token).flip();
        writeFully(channel, hello);
        return channel;
    }

    /** Who should be there is not, or is somebody else. */
    IOException absent(IOException cause) {
        return new IOException("no harness at " + host + ":" + port + ": " + cause.getMessage());
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
