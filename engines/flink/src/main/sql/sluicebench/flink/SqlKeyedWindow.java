package sluicebench.flink;

import org.apache.flink.table.api.Table;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.KeyedEvent;

/**
 * What do the values of each key, or of all keys, come to, per window? A windowing table-valued
 * function, and a group for each of its windows and each key, as the documentation has it.
 */
final class SqlKeyedWindow {
    private SqlKeyedWindow() {}

    static <E extends KeyedEvent> void ask(Job job, EventLayout<E> layout) {
        Arguments arguments = job.arguments();
        Windows windows = new Windows(job);
        windows.view("events", layout);
        String extremes =
                switch (arguments.text("aggregate")) {
                    case "count-sum" -> "";
                    case "summary" -> ", MIN(`value`) AS `min`, MAX(`value`) AS `max`";
                    default ->
                            throw new IllegalArgumentException(
                                    "--aggregate "
                                            + arguments.text("aggregate")
                                            + ": expected count-sum or summary");
                };
        String query =
                """
                SELECT window_start, window_end, MAX(due) AS due%s,
                    COUNT(*) AS `count`, SUM(`value`) AS `sum`%s
                FROM TABLE(%s)
                GROUP BY window_start, window_end%s
                """;
        String key = arguments.isGlobal() ? "" : ", `key`";
        Table answers =
                windows.tables()
                        .sqlQuery(
                                query.formatted(
                                        key, extremes, windows.over("events"), key));
        windows.answers(answers).sinkTo(job.windowAnswers());
    }
}
