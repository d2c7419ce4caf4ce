package sluicebench.spark.conform.dstream;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.Time;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.util.ManualClock;

import scala.Tuple2;

import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Item;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.Collectors;

/** Streams for a case, given a batch after the other by a clock that stands still in between. */
final class CaseStream {
    private static final int SHOWN = 1000;

    private final JavaSparkContext spark;
    private final Case asked;
    private final Path folder;
    private final int parallelism;
    private final long batch;

    CaseStream(JavaSparkContext spark, Case asked, Path folder, int parallelism) {
        this.spark = spark;
        this.asked = asked;
        this.folder = folder.resolve(asked.name()).toAbsolutePath();
        this.parallelism = parallelism;
        this.batch = asked.spec().number("batch");
    }

    Answers answers() throws Exception {
        List<Answer> given = new ArrayList<>();
        Completed completed = new Completed();
        JavaStreamingContext streams = new JavaStreamingContext(spark, new Duration(batch));
        streams.checkpoint(folder.toString());
        streams.ssc().addStreamingListener(completed);
        try {
            JavaDStream<Tuple2<String, Object>> left = side(streams, false);
            // A batch in which nothing is to be computed is not told of when it is done.
            left.foreachRDD(rows -> {});
            Question.ask(asked, left, side(streams, true), parallelism)
                    .foreachRDD((rows, time) -> collect(rows, time, given));
            streams.start();
            return put(streams, completed, given);
        } finally {
            streams.stop(false, false);
        }
    }

    /** A row, and the time of its batch. */
    private record Answer(long time, String key, Object value) {}

    private static void collect(
            JavaRDD<Tuple2<String, Object>> rows, Time time, List<Answer> given) {
        for (Tuple2<String, Object> row : rows.collect()) {
            given.add(new Answer(time.milliseconds(), row._1(), row._2()));
        }
    }

    private Answers put(JavaStreamingContext streams, Completed completed, List<Answer> given)
            throws Exception {
        Answers answers = new Answers();
        ManualClock clock = (ManualClock) streams.ssc().scheduler().clock();
        long length = asked.spec().number("window", batch);
        long time = 0;
        for (List<Item> items : asked.batches()) {
            int index = items.get(items.size() - 1).index();
            time += batch;
            clock.advance(batch);
            completed.await();
            String failure = completed.takeFailure();
            if (failure != null) {
                answers.error(index, failure.substring(0, Math.min(failure.length(), SHOWN)));
            }
            if (asked.op().equals("window")) {
                tellList(answers, index, time, length, given);
            } else {
                for (Answer answer : given) {
                    long end = answer.time();
                    answers.row(index, end - length, end, answer.key(), answer.value());
                }
            }
            given.clear();
        }
        return answers;
    }

    /** Tells what a window holds, which is a row if it holds anything. */
    private static void tellList(
            Answers answers, int index, long time, long length, List<Answer> given) {
        if (!given.isEmpty()) {
            List<Object> values =
                    given.stream().map(Answer::value).collect(Collectors.toList());
            answers.row(index, time - length, time, null, values);
        }
    }

    /** The events of a side, a batch of them in each interval. */
    private JavaDStream<Tuple2<String, Object>> side(
            JavaStreamingContext streams, boolean isRight) {
        Queue<JavaRDD<Tuple2<String, Object>>> batches = new ArrayDeque<>();
        for (List<Item> items : asked.batches()) {
            List<Tuple2<String, Object>> events = new ArrayList<>();
            for (Item item : items) {
                if (item.isEvent() && item.isRight() == isRight) {
                    events.add(new Tuple2<>(item.key(), item.value()));
                }
            }
            batches.add(spark.parallelize(events, parallelism));
        }
        return streams.queueStream(batches, true);
    }
}
