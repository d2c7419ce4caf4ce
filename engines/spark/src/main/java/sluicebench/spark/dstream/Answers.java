package sluicebench.spark.dstream;

import org.apache.spark.TaskContext;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;
import sluicebench.spark.Relay;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;

/**
 * Where answers go: connections from the driver that stay open from batch to batch. Tasks share them
 * where a batch has more tasks than there are connections; those in executors hand their answers to
 * the driver.
 */
final class Answers<A> implements Serializable {
    /** Of this process, where tasks run in it. */
    private static SinkConnection<?>[] connections;

    private final AnswerLayout<A> layout;
    private final int count;

    /** To the driver; null where tasks run in it. */
    private final Relay relay;

    private Answers(AnswerLayout<A> layout, int count, Relay relay) {
        this.layout = layout;
        this.count = count;
        this.relay = relay;
    }

    /** Dials the harness so many times. */
    static <A> Answers<A> here(Harness harness, int count, AnswerLayout<A> layout)
            throws IOException {
        connections = new SinkConnection<?>[count];
        for (int index = 0; index < count; index++) {
            connections[index] = new SinkConnection<>(harness, index, count, layout);
        }
        return new Answers<>(layout, count, null);
    }

    /** By the driver, which has dialled so many times. */
    static <A> Answers<A> relayed(Relay relay, int count, AnswerLayout<A> layout) {
        return new Answers<>(layout, count, relay);
    }

    /** Sends the answers of a task. */
    @SuppressWarnings("unchecked")
    void send(Iterator<A> answers) throws IOException {
        int index = TaskContext.getPartitionId() % count;
        if (relay != null) {
            relay(answers, index);
            return;
        }
        SinkConnection<A> connection = (SinkConnection<A>) connections[index];
        while (answers.hasNext()) {
            connection.send(answers.next());
        }
        connection.flush();
    }

    private void relay(Iterator<A> answers, int index) throws IOException {
        if (!answers.hasNext()) {
            return;
        }
        ByteBuffer laidOut = ByteBuffer.allocate(layout.length()).order(ByteOrder.LITTLE_ENDIAN);
        Relay.Sender sender = relay.answer(index);
        while (answers.hasNext()) {
            layout.write(answers.next(), laidOut.clear());
            sender.send(laidOut.flip());
        }
        sender.finish();
    }

    /** All answers of tasks in this process were given. */
    static void end() throws IOException {
        for (SinkConnection<?> connection : connections) {
            connection.end();
        }
    }
}
