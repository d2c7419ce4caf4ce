import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/**
 * Starts a job, and stands between it and the harness that it dials. All that they say is handed on,
 * but of what a source is sent its job gets so much and then the end of the connection. The harness
 * learns nothing of that: whatever it tells, it has from the job.
 */
public final class CutSources {
    private static final String LOOPBACK = "127.0.0.1";

    /** Longer than the first frames, and shorter than what follows within a second. */
    private static final int BYTES_MOST = 100_000;

    // A hello, and where in it stands for whom it is.
    private static final int HELLO_LENGTH = 32;
    private static final int ROLE_AT = 6;
    private static final int SOURCE = 1;

    private CutSources() {}

    public static void main(String[] command) throws Exception {
        ServerSocket listener = new ServerSocket(0, 0, InetAddress.getByName(LOOPBACK));
        int at = Arrays.asList(command).indexOf("--connect") + 1;
        int harness = Integer.parseInt(command[at].substring(command[at].lastIndexOf(':') + 1));
        command[at] = LOOPBACK + ":" + listener.getLocalPort();
        start(() -> accept(listener, harness));
        System.exit(new ProcessBuilder(command).inheritIO().start().waitFor());
    }

    private static void accept(ServerSocket listener, int port) throws IOException {
        while (true) {
            Socket job = listener.accept();
            Socket harness = new Socket(LOOPBACK, port);
            job.setTcpNoDelay(true);
            harness.setTcpNoDelay(true);
            start(() -> between(job, harness));
        }
    }

    private static void between(Socket job, Socket harness) throws IOException {
        byte[] hello = job.getInputStream().readNBytes(HELLO_LENGTH);
        harness.getOutputStream().write(hello);
        boolean isSource = hello[ROLE_AT] == SOURCE;
        start(() -> handOn(harness, job, isSource ? BYTES_MOST : Long.MAX_VALUE));
        handOn(job, harness, Long.MAX_VALUE);
    }

    /** Reads all of it, and hands on so much. */
    private static void handOn(Socket from, Socket to, long most) throws IOException {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] bytes = new byte[1 << 16];
        long left = most;
        for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
            if (left > 0) {
                int handed = (int) Math.min(read, left);
                out.write(bytes, 0, handed);
                left -= handed;
                if (left == 0) {
                    to.shutdownOutput();
                }
            }
        }
        if (left > 0) {
            to.shutdownOutput();
        }
    }

    /** What ends when somebody has left. */
    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Runnable runnable =
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        // The other one sees its end as well.
                    }
                };
        Thread thread = new Thread(runnable, "between");
        thread.setDaemon(true);
        thread.start();
    }
}
