package sluicebench.spark.dstream;

import org.apache.spark.streaming.api.java.JavaDStream;

/** Each event is its own answer: what it costs to pass through. */
final class Identity {
    private Identity() {}

    static <E> void ask(JavaDStream<E> events, Answers<E> answers) {
        events.foreachRDD(batch -> batch.foreachPartition(answers::send));
    }
}
