package sluicebench.storm;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Hears that the tasks of a topology are there, and how they end: it is over when each has seen the
 * end of the input, or at the first failure. A task tells what it counted together with its end, so that all is known then.
 */
final class Outcomes {
    /** Looks whether a topology can still end; throws where it cannot. */
    interface Look {
        void look() throws Exception;
    }

    private static final int TOKEN_LENGTH = 16;
    private static final int LOOK_EVERY_S = 2;

    private final byte[] token = new byte[TOKEN_LENGTH];
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final String host;
    private final ServerSocket listener;
    private int unprepared;
    private int missing;
    private long late;
    private long repeated;

    private Outcomes(String host) throws IOException {
        new SecureRandom().nextBytes(token);
        this.host = host;
        this.listener = new ServerSocket(0, 0, InetAddress.getByName(host));
    }

    /** Listens at an address of this machine until the process ends. */
    static Outcomes at(String host) throws IOException {
        Outcomes outcomes = new Outcomes(host);
        start(outcomes::accept);
        return outcomes;
    }

    /** What a task is given, to tell how it ends. */
    Outcome told() {
        return new Outcome(host, listener.getLocalPort(), token);
    }

    /** Before the topology is there: so many tasks of it will say that they take what comes. */
    synchronized void expectPrepared(int tasks) {
        unprepared = tasks;
    }

    /** Waits until so many tasks have ended; looks now and then whether they still can. */
    void await(int tasks, Look look) throws Exception {
        expect(tasks);
        while (true) {
            try {
                end.get(LOOK_EVERY_S, TimeUnit.SECONDS);
                return;
            } catch (TimeoutException e) {
                look.look();
            }
        }
    }

    /** How many records counted in no window because they came too late. */
    synchronized long late() {
        return late;
    }

    /** How many events were taken for lost, and emitted again. */
    synchronized long repeated() {
        return repeated;
    }

    private synchronized void expect(int tasks) {
        missing += tasks;
        endIfNoneIsMissing();
    }

    private synchronized void ended(long lateThere) {
        late += lateThere;
        missing--;
        endIfNoneIsMissing();
    }

    // One that is started again says so again.
    private synchronized void prepared() {
        unprepared--;
        notifyAll();
    }

    private synchronized void awaitPrepared() throws InterruptedException {
        while (unprepared > 0) {
            wait();
        }
    }

    private synchronized void repetition() {
        repeated++;
    }

    // Below 0 before anybody has said how many there are.
    private void endIfNoneIsMissing() {
        if (missing == 0) {
            end.complete(null);
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
        try (socket) {
            DataInputStream in =
                    new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            if (!MessageDigest.isEqual(in.readNBytes(TOKEN_LENGTH), token)) {
                return;
            }
            while (true) {
                byte kind = in.readByte();
                switch (kind) {
                    case Outcome.ENDED -> ended(in.readLong());
                    case Outcome.REPEATED -> repetition();
                    case Outcome.PREPARED -> prepared();
                    case Outcome.AWAITING -> {
                        awaitPrepared();
                        try {
                            socket.getOutputStream().write(0);
                        } catch (IOException e) {
                            // Its worker is gone; that which is started instead asks again.
                            return;
                        }
                    }
                    case Outcome.FAILED ->
                            end.completeExceptionally(new IllegalStateException(in.readUTF()));
                    default -> throw new IOException("a task tells something of kind " + kind);
                }
            }
        } catch (EOFException e) {
            // A worker that is gone. Its other connections are cut, too, which the harness tells.
        } catch (IOException | InterruptedException e) {
            end.completeExceptionally(e);
        }
    }

    private static void start(Runnable runnable) {
        Thread thread = new Thread(runnable, "sluice-outcomes");
        thread.setDaemon(true);
        thread.start();
    }
}
