package sluicebench.flink;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

import sluicebench.jvm.Event;
import sluicebench.jvm.EventLayout;
import sluicebench.jvm.WindowAnswer;

import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Locale;

/**
 * How windows are asked for in SQL: events as a view with event time, a function that cuts it into
 * windows, and rows as answers.
 *
 * <p>The first phase of Flink's aggregation takes the epoch for its watermark until there is a later
 * one, and loses windows that end before. So the view is of events that are told to happen later, by
 * whole slides, which are taken off the answers again.
 */
final class Windows {
    /** No event happens longer before the epoch, in milliseconds. */
    private static final long BEFORE_EPOCH_MAX = (1L << 61) / Cut.MICROS_PER_MILLI;

    private final Job job;
    private final Cut cut;
    private final long later;
    private final StreamTableEnvironment tables;

    Windows(Job job) {
        this.job = job;
        this.cut = Cut.of(job.arguments());
        if (!cut.lateness().isZero()) {
            throw new IllegalArgumentException(
                    "--lateness-us: windowing table-valued functions answer a window once");
        }
        long slide = cut.slide().toMillis();
        this.later = (BEFORE_EPOCH_MAX / slide + 1) * slide;
        this.tables = StreamTableEnvironment.create(job.environment());
        // Where a day begins, and with it a window.
        tables.getConfig().setLocalTimeZone(ZoneOffset.UTC);
    }

    StreamTableEnvironment tables() {
        return tables;
    }

    /**
     * A view of the input: a column for each field of an event, and {@code happened}, by which
     * windows are cut. Its watermarks are those that the source emits.
     */
    <E extends Event> void view(String name, EventLayout<E> layout) {
        Schema schema =
                Schema.newBuilder()
                        .columnByMetadata("happened", DataTypes.TIMESTAMP_LTZ(3), "rowtime")
                        .watermark("happened", "SOURCE_WATERMARK()")
                        .build();
        Ticks ticks = new Ticks(Cut.MICROS_PER_MILLI, later);
        tables.createTemporaryView(name, job.events(layout, ticks), schema);
    }

    /** The windowing table-valued function over a view, as it stands in a query. */
    String over(String view) {
        String of = "TABLE " + view + ", DESCRIPTOR(happened), ";
        return cut.size().equals(cut.slide())
                ? "TUMBLE(" + of + interval(cut.size()) + ")"
                : "HOP(" + of + interval(cut.slide()) + ", " + interval(cut.size()) + ")";
    }

    private static String interval(Duration length) {
        // SQL has these digits alone, whatever this machine's language writes.
        return String.format(
                Locale.ROOT,
                "INTERVAL '%d.%03d' SECOND(10, 3)",
                length.toSeconds(),
                length.toMillisPart());
    }

    /** The rows of a table as answers: a window and what its columns say of it, by their names. */
    DataStream<WindowAnswer> answers(Table table) {
        return tables.toDataStream(table)
                .map(new ToAnswer(table, later), Types.POJO(WindowAnswer.class));
    }
}
