package sluicebench.flink;

import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

import sluicebench.jvm.Layouts;

/** How often has each word been seen, per window? */
final class SqlWordCount {
    private SqlWordCount() {}

    static void ask(Job job) {
        Windows windows = new Windows(job);
        windows.view("lines", new Layouts.Lines());
        StreamTableEnvironment tables = windows.tables();
        tables.executeSql(
                """
                CREATE TEMPORARY VIEW words AS
                SELECT due, happened, word FROM lines CROSS JOIN UNNEST(words) AS line (word)
                """);
        Table counts =
                tables.sqlQuery(
                        """
                        SELECT window_start, window_end, word AS `key`,
                            MAX(due) AS due, COUNT(*) AS `count`
                        FROM TABLE(%s)
                        GROUP BY window_start, window_end, word
                        """
                                .formatted(windows.over("words")));
        windows.answers(counts).sinkTo(job.windowAnswers());
    }
}
