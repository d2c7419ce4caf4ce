package sluicebench.jvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Where one subtask's answers go. A thread of its own sends what there is: answers leave at once
 * where they are few, and many at a time where they come faster than a socket takes single ones,
 * without a timer and without a system call on the engine's thread. An engine that answers faster
 * than the harness reads is held back.
 *
 * <p>An answer is handed over when {@link #send} is called; a frame carries the moment of its last.
 */
public final class SinkConnection<A> implements AutoCloseable {
    // What the harness asks before the first answer, and when it has asked enough; or when the topic of
    // answers is there, and to the harness, that answers can go there.
    private static final byte CLOCK = 1;
    private static final byte GO = 2;

    private static final byte ANSWERS = 1;
    private static final byte END = 3;
    private static final int HEADER_LENGTH = 5 + Long.BYTES;
    private static final int ANSWERS_MAX = 4096;

    private final AnswerLayout<A> layout;
    private final WritableByteChannel channel;
    private final Thread sender;

    /** The frame that is being filled; its header is written when it is sent. */
    private ByteBuffer filling;

    private int answers;
    private long emitted;

    /** Whether a frame is on its way. */
    private boolean isSending;

    private boolean isClosed;
    private IOException failure;

    public SinkConnection(Harness harness, int index, int count, AnswerLayout<A> layout)
            throws IOException {
        this.layout = layout;
        SocketChannel dialled = harness.dial(Harness.Role.SINK, index, count);
        if (harness.asksSinks) {
            answerClock(harness, dialled);
        }
        this.channel = harness.topics == null ? dialled : overTopic(harness.topics, index, dialled);
        this.filling = empty();
        this.sender = new Thread(this::sendAll, "sluice-sink-" + index);
        sender.setDaemon(true);
        sender.start();
    }

    /** Says what the clock of this process says, as often as the harness asks. */
    private static void answerClock(Harness harness, SocketChannel channel) throws IOException {
        ByteBuffer kind = ByteBuffer.allocate(1);
        ByteBuffer reading = ByteBuffer.allocate(1 + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try {
            while (true) {
                Harness.readFully(channel, kind.clear());
                switch (kind.get(0)) {
                    case CLOCK ->
                            Harness.writeFully(
                                    channel,
                                    reading.clear().put(CLOCK).putLong(System.nanoTime()).flip());
                    case GO -> {
                        return;
                    }
                    default -> throw new IOException("a frame of kind " + kind.get(0));
                }
            }
        } catch (IOException e) {
            channel.close();
            throw harness.absent(e);
        }
    }

    /**
     * The harness makes the topic when it knows how many sinks there are, and says so; it is told
     * when answers can go there.
     */
    private static WritableByteChannel overTopic(Topics topics, int index, SocketChannel harness)
            throws IOException {
        ByteBuffer kind = ByteBuffer.allocate(1);
        Harness.readFully(harness, kind);
        if (kind.get(0) != GO) {
            throw new IOException("a frame of kind " + kind.get(0));
        }
        WritableByteChannel answers = topics.answers(index, harness);
        Harness.writeFully(harness, kind.rewind());
        return answers;
    }

    /** Takes an answer that leaves the engine now. */
    public synchronized void send(A answer) throws IOException {
        while (answers == ANSWERS_MAX && failure == null && !isClosed) {
            await();
        }
        failIfItFailed();
        if (isClosed) {
            throw new IOException("an answer after the sink was closed");
        }
        layout.write(answer, filling);
        emitted = System.nanoTime();
        answers++;
        if (answers == 1) {
            notifyAll();
        }
    }

    /** Returns when all answers so far are with the system. */
    public synchronized void flush() throws IOException {
        while ((answers > 0 || isSending) && failure == null) {
            await();
        }
        failIfItFailed();
    }

    /** All answers were given: tells the harness so. */
    public void end() throws IOException {
        flush();
        ByteBuffer end = ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN);
        try {
            Harness.writeFully(channel, end.put(END).putInt(0).flip());
        } catch (IOException e) {
            throw refused(e);
        }
    }

    /** Without {@link #end}, the harness sees a sink that was lost. */
    @Override
    public void close() throws IOException {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        channel.close();
    }

    private void sendAll() {
        ByteBuffer sending = empty();
        try {
            while (true) {
                synchronized (this) {
                    isSending = false;
                    notifyAll();
                    while (answers == 0 && !isClosed) {
                        await();
                    }
                    if (isClosed) {
                        return;
                    }
                    ByteBuffer filled = filling;
                    filling = sending;
                    sending = filled;
                    sending.flip().put(0, ANSWERS);
                    sending.putInt(1, sending.limit() - 5).putLong(5, emitted);
                    answers = 0;
                    isSending = true;
                }
                Harness.writeFully(channel, sending);
                sending.clear().position(HEADER_LENGTH);
            }
        } catch (IOException e) {
            synchronized (this) {
                failure = e;
                notifyAll();
            }
        }
    }

    private ByteBuffer empty() {
        int length = HEADER_LENGTH + ANSWERS_MAX * layout.length();
        ByteBuffer frame = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
        return frame.position(HEADER_LENGTH);
    }

    private void await() throws IOException {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while answers wait to be sent", e);
        }
    }

    private void failIfItFailed() throws IOException {
        if (failure != null) {
            throw refused(failure);
        }
    }

    private static IOException refused(IOException cause) {
        return new IOException("the harness takes no answers: " + cause.getMessage());
    }
}
