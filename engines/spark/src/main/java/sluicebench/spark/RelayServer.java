package sluicebench.spark;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;

/** The driver's side of {@link Relay}: a thread for each task that asks or answers. */
public final class RelayServer {
    /** What the job itself is asked by its executors. */
    public interface Requests {
        void serve(byte kind, int partition, DataInputStream in, DataOutputStream out)
                throws IOException;
    }

    private static final int TOKEN_LENGTH = 16;

    private final Requests requests;
    private final SinkConnection<ByteBuffer>[] sinks;
    private final byte[] token = new byte[TOKEN_LENGTH];
    private final ServerSocket listener;
    private final Relay relay;

    private RelayServer(SinkConnection<ByteBuffer>[] sinks, String host, Requests requests)
            throws IOException {
        this.requests = requests;
        this.sinks = sinks;
        new SecureRandom().nextBytes(token);
        this.listener = new ServerSocket(0, 0, InetAddress.getByName(host));
        this.relay = new Relay(host, listener.getLocalPort(), token);
    }

    /**
     * Dials the harness for so many sinks, whose answers executors lay out in so many bytes each, and
     * listens at an address of this machine until the process ends; executors find it there.
     */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public static RelayServer open(
            Harness harness, int sinks, int answerLength, String host, Requests requests)
            throws IOException {
        SinkConnection<ByteBuffer>[] connections = new SinkConnection[sinks];
        for (int index = 0; index < sinks; index++) {
            connections[index] =
                    new SinkConnection<>(harness, index, sinks, new LaidOut(answerLength));
        }
        RelayServer server = new RelayServer(connections, host, requests);
        start(server::accept);
        return server;
    }

    public Relay relay() {
        return relay;
    }

    /** All answers were given. */
    public void end() throws IOException {
        for (SinkConnection<?> sink : sinks) {
            sink.end();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                start(() -> serve(socket));
            }
        } catch (IOException e) {
            // The process ends.
        }
    }

    private void serve(Socket socket) {
        // An executor that finds its connection cut fails its task, and the job with it.
        try (socket) {
            socket.setTcpNoDelay(true);
            DataInputStream in =
                    new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            if (!MessageDigest.isEqual(in.readNBytes(TOKEN_LENGTH), token)) {
                return;
            }
            byte kind = in.readByte();
            int partition = in.readInt();
            if (kind == Relay.ANSWER) {
                answer(sinks[partition], in, out);
            } else {
                requests.serve(kind, partition, in, out);
            }
        } catch (IOException e) {
            // As above.
        }
    }

    private static void answer(
            SinkConnection<ByteBuffer> sink, DataInputStream in, DataOutputStream out)
            throws IOException {
        for (int length = in.readInt(); length != Relay.END; length = in.readInt()) {
            byte[] answer = new byte[length];
            in.readFully(answer);
            sink.send(ByteBuffer.wrap(answer));
        }
        sink.flush();
        out.writeByte(0);
        out.flush();
    }

    private static void start(Runnable runnable) {
        Thread thread = new Thread(runnable, "sluice-relay");
        thread.setDaemon(true);
        thread.start();
    }

    /** Of answers that were laid out elsewhere. */
    private record LaidOut(int length) implements AnswerLayout<ByteBuffer> {
        @Override
        public void write(ByteBuffer answer, ByteBuffer frame) {
            frame.put(answer);
        }
    }
}
