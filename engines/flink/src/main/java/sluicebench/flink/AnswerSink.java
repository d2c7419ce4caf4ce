package sluicebench.flink;

import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.Harness;
import sluicebench.jvm.SinkConnection;

import java.io.IOException;

/** Sends answers to the harness, over a connection for each subtask. */
final class AnswerSink<A> extends AnySink<A> {
    private final Harness harness;
    private final AnswerLayout<A> layout;

    AnswerSink(Harness harness, AnswerLayout<A> layout) {
        this.harness = harness;
        this.layout = layout;
    }

    @Override
    public SinkWriter<A> createWriter(WriterInitContext context) throws IOException {
        TaskInfo task = context.getTaskInfo();
        int subtask = task.getIndexOfThisSubtask();
        int subtasks = task.getNumberOfParallelSubtasks();
        return new Writer<>(new SinkConnection<>(harness, subtask, subtasks, layout));
    }

    private record Writer<A>(SinkConnection<A> connection) implements SinkWriter<A> {
        @Override
        public void write(A answer, Context context) throws IOException {
            connection.send(answer);
        }

        @Override
        public void flush(boolean isEndOfInput) throws IOException {
            if (isEndOfInput) {
                connection.end();
            } else {
                connection.flush();
            }
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }
}
