package sluicebench.spark.structured;

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

/** The driver's side of {@link Relay}: a thread for each task that reads or answers. */
final class RelayServer {
    private static final int TOKEN_LENGTH = 16;

    private final Input input;
    private final SinkConnection<ByteBuffer>[] sinks;
    private final byte[] token = new byte[TOKEN_LENGTH];
    private final ServerSocket listener;

    private RelayServer(Input input, SinkConnection<ByteBuffer>[] sinks, String bindHost)
            throws IOException {
        this.input = input;
        this.sinks = sinks;
        new SecureRandom().nextBytes(token);
        this.listener = new ServerSocket(0, 0, InetAddress.getByName(bindHost));
    }

    /** Listens at an address of this machine until the process ends; executors find it there. */
    static Relay open(Input input, SinkConnection<ByteBuffer>[] sinks, String host)
            throws IOException {
        RelayServer server = new RelayServer(input, sinks, host);
        start(server::accept);
        return new Relay(host, server.listener.getLocalPort(), server.token);
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
        // An executor that finds its connection cut fails its task, and the query with it.
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
            switch (kind) {
                case Relay.READ -> read(partition, in.readLong(), in.readLong(), out);
                case Relay.ANSWER -> answer(sinks[partition], in, out);
                default -> {}
            }
        } catch (IOException e) {
            // As above.
        }
    }

    private void read(int partition, long from, long until, DataOutputStream out)
            throws IOException {
        for (PartitionLog.Block block : input.blocks(partition, from, until)) {
            out.writeInt(block.count());
            out.writeLong(block.first());
            out.writeInt(block.bytes().limit());
            out.write(block.bytes().array(), 0, block.bytes().limit());
        }
        out.writeInt(Relay.END);
        out.flush();
    }

    private static void answer(
            SinkConnection<ByteBuffer> sink, DataInputStream in, DataOutputStream out)
            throws IOException {
        for (int length = in.readInt(); length != Relay.END; length = in.readInt()) {
            sink.send(ByteBuffer.wrap(in.readNBytes(length)));
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
}
