package sluicebench.flink;

import sluicebench.jvm.Frame;
import sluicebench.jvm.SourceConnection;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/**
 * Hands frames from the thread that waits for a socket to the task's thread, which must not wait.
 * It holds little, so that a task that falls behind holds the harness back.
 */
final class Handover {
    private static final int BYTES_MAX = 256 << 10;

    private final ArrayDeque<Frame> frames = new ArrayDeque<>();
    private int bytes;
    private IOException failure;

    /** Done while there is something to poll. */
    private CompletableFuture<Void> available = new CompletableFuture<>();

    /** Takes all frames of a connection; returns when there are no more, or nobody wants them. */
    void fill(SourceConnection connection) {
        try {
            Frame frame;
            do {
                frame = connection.next();
                put(frame);
            } while (frame.kind() != Frame.Kind.END);
        } catch (IOException e) {
            fail(e);
        } catch (InterruptedException e) {
            // The reader was closed.
        }
    }

    /** There will be no more frames, because of this. */
    void fail(IOException cause) {
        CompletableFuture<Void> news;
        synchronized (this) {
            failure = cause;
            news = available;
        }
        news.complete(null);
    }

    /** The next frame; none if there is none yet. */
    synchronized Frame poll() throws IOException {
        Frame frame = frames.poll();
        if (frame == null) {
            if (failure != null) {
                throw failure;
            }
            if (available.isDone()) {
                available = new CompletableFuture<>();
            }
            return null;
        }
        bytes -= frame.body().capacity();
        notifyAll();
        return frame;
    }

    synchronized CompletableFuture<Void> available() {
        return available;
    }

    private void put(Frame frame) throws InterruptedException {
        CompletableFuture<Void> news;
        synchronized (this) {
            while (bytes >= BYTES_MAX) {
                wait();
            }
            frames.add(frame);
            bytes += frame.body().capacity();
            news = available;
        }
        // Not under the lock: whoever waits for it runs here.
        news.complete(null);
    }
}
