package sluicebench.spark.dstream;

import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaPairDStream;

import scala.Tuple2;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.WindowAnswer;

import java.io.Serializable;
import java.util.List;

/**
 * Windows over the batches of so many milliseconds, each of which ends with a batch: by adding up
 * all of a window's batches, or by taking out what leaves and adding what comes.
 */
record Cut(
        long sizeMs,
        long slideMs,
        int partitions,
        boolean isInverse,
        boolean hasExtremes,
        boolean isGlobal)
        implements Serializable {
    private static final long MICROS_PER_MILLI = 1000;

    static Cut of(Arguments arguments) {
        boolean isInverse = isInverse(arguments);
        boolean hasExtremes = arguments.text("aggregate").equals("summary");
        if (isInverse && hasExtremes) {
            throw new IllegalArgumentException(
                    "--set algorithm=inverse: a smallest and a largest value have no inverse;"
                            + " expected recompute");
        }
        return new Cut(
                millis(arguments, "size-us"),
                millis(arguments, "slide-us"),
                arguments.parallelism(),
                isInverse,
                hasExtremes,
                arguments.isGlobal());
    }

    /** Whether what leaves a window is to be taken out of what the window before came to. */
    static boolean isInverse(Arguments arguments) {
        return arguments.setting("algorithm", List.of("recompute", "inverse")).equals("inverse");
    }

    private static long millis(Arguments arguments, String name) {
        long micros = arguments.number(name, 1);
        if (micros % MICROS_PER_MILLI != 0) {
            throw new IllegalArgumentException(
                    "--" + name + " " + micros + ": Spark's batches have whole milliseconds");
        }
        return micros / MICROS_PER_MILLI;
    }

    /** Sums the parts of each key in each window and sends what they come to. */
    void answer(JavaPairDStream<Long, Part> parts, Answers<WindowAnswer> answers) {
        JavaPairDStream<Long, Part> windows =
                isInverse
                        ? parts.reduceByKeyAndWindow(
                                Part::plus,
                                Part::minus,
                                Durations.milliseconds(sizeMs),
                                Durations.milliseconds(slideMs),
                                partitions,
                                keyed -> keyed._2().count > 0)
                        : parts.reduceByKeyAndWindow(
                                Part::plus,
                                Durations.milliseconds(sizeMs),
                                Durations.milliseconds(slideMs),
                                partitions);
        windows.foreachRDD(
                (window, time) -> {
                    long end = time.milliseconds() * MICROS_PER_MILLI;
                    long start = end - sizeMs * MICROS_PER_MILLI;
                    window.map(keyed -> about(keyed, start, end)).foreachPartition(answers::send);
                });
    }

    private WindowAnswer about(Tuple2<Long, Part> keyed, long start, long end) {
        return keyed._2().answer(hasExtremes).about(keyed._1(), start, end);
    }
}
