package sluicebench.spark.dstream;

import org.apache.spark.TaskContext;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;

import java.io.IOException;
import java.util.Iterator;

/**
 * Where the answers of this process go. Connections stay open from batch to batch; tasks share them
 * where a batch has more tasks than there are connections.
 */
final class Answers {
    private static SinkConnection<?>[] connections;

    private Answers() {}

    /** Dials the harness so many times. */
    static <A> void open(Harness harness, int count, AnswerLayout<A> layout) throws IOException {
        connections = new SinkConnection<?>[count];
        for (int index = 0; index < count; index++) {
            connections[index] = new SinkConnection<>(harness, index, count, layout);
        }
    }

    /** Sends the answers of a task. */
    @SuppressWarnings("unchecked")
    static <A> void send(Iterator<A> answers) throws IOException {
        int index = TaskContext.getPartitionId() % connections.length;
        SinkConnection<A> connection = (SinkConnection<A>) connections[index];
        while (answers.hasNext()) {
            connection.send(answers.next());
        }
        connection.flush();
    }

    /** All answers were given. */
    static void end() throws IOException {
        for (SinkConnection<?> connection : connections) {
            connection.end();
        }
    }
}
