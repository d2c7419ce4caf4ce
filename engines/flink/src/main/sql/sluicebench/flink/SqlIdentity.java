package sluicebench.flink;

import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

import sluicebench.jvm.AnswerLayout;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.KeyedEvent;

/** Each event is its own answer: what it costs to pass through. */
final class SqlIdentity {
    private SqlIdentity() {}

    static <E extends KeyedEvent, L extends EventLayout<E> & AnswerLayout<E>> void ask(
            Job job, L layout) {
        StreamTableEnvironment tables = StreamTableEnvironment.create(job.environment());
        tables.createTemporaryView("events", job.events(layout));
        Table answers = tables.sqlQuery("SELECT * FROM events");
        tables.toDataStream(answers, layout.type()).sinkTo(job.answers(layout));
    }
}
