package sluicebench.storm;

import sluicebench.jvm.Control;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Where a task tells that it is there and how it ends, over a connection of its own: topologies do
 * not end by themselves, and a worker may be anywhere. It travels with the task.
 */
final class Outcome implements Serializable {
    static final byte ENDED = 1;
    static final byte REPEATED = 2;
    static final byte FAILED = 3;
    static final byte PREPARED = 4;
    static final byte AWAITING = 5;

    private static final int CONNECT_MS = 20_000;

    private final String host;
    private final int port;
    private final byte[] token;

    private transient DataOutputStream out;

    Outcome(String host, int port, byte[] token) {
        this.host = host;
        this.port = port;
        this.token = token;
    }

    /** The task takes what comes. Sources and sinks say so to the harness themselves. */
    synchronized void prepared() {
        try {
            to(PREPARED).flush();
        } catch (IOException e) {
            throw untold(e);
        }
    }

    /** Waits until all tasks take what comes, over a connection of its own. */
    void awaitPrepared() throws IOException {
        try (Socket socket = dial()) {
            DataOutputStream asking =
                    new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            asking.write(token);
            asking.writeByte(AWAITING);
            asking.flush();
            if (socket.getInputStream().read() < 0) {
                throw new EOFException("nobody knows whether all tasks take what comes");
            }
        }
    }

    /** The task has seen the end of the input, and so many records counted in no window of it. */
    synchronized void ended(long late) {
        try {
            to(ENDED).writeLong(late);
            out.flush();
        } catch (IOException e) {
            throw untold(e);
        }
    }

    /** An event was taken for lost, and emitted again. */
    synchronized void repeated() {
        try {
            to(REPEATED).flush();
        } catch (IOException e) {
            throw untold(e);
        }
    }

    /** The task cannot go on. Where nobody hears it, the topology is over anyway. */
    synchronized void failed(Exception cause) {
        try {
            to(FAILED).writeUTF(Control.sentence(cause));
            out.flush();
        } catch (IOException e) {
            throw untold(e);
        }
    }

    private DataOutputStream to(byte kind) throws IOException {
        if (out == null) {
            out = new DataOutputStream(new BufferedOutputStream(dial().getOutputStream()));
            out.write(token);
        }
        out.writeByte(kind);
        return out;
    }

    private Socket dial() throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(host, port), CONNECT_MS);
        return socket;
    }

    private UncheckedIOException untold(IOException cause) {
        return new UncheckedIOException(
                "nobody hears at " + host + ":" + port + " how a task ends", cause);
    }
}
