package sluicebench.storm;

import sluicebench.jvm.Control;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Where a task tells how it ends, over a connection of its own: topologies do not end by
 * themselves, and a worker may be anywhere. It travels with the task.
 */
final class Outcome implements Serializable {
    static final byte ENDED = 1;
    static final byte REPEATED = 2;
    static final byte FAILED = 3;

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
            Socket socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(host, port), CONNECT_MS);
            out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            out.write(token);
        }
        out.writeByte(kind);
        return out;
    }

    private UncheckedIOException untold(IOException cause) {
        return new UncheckedIOException(
                "nobody hears at " + host + ":" + port + " how a task ends", cause);
    }
}
