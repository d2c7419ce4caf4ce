package sluicebench.spark.conform.dstream;

import org.apache.spark.api.java.Optional;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.State;
import org.apache.spark.streaming.StateSpec;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;

import scala.Tuple2;

import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Parameters;
import sluicebench.jvm.conform.Unsupported;

import java.util.Arrays;
import java.util.List;

/** The operator of a case, over keys and values. */
final class Question {
    private Question() {}

    /** Keys, which may be {@code null}, and what they come to. */
    static JavaDStream<Tuple2<String, Object>> ask(
            Case asked,
            JavaDStream<Tuple2<String, Object>> left,
            JavaDStream<Tuple2<String, Object>> right,
            int parallelism) {
        Parameters spec = asked.spec();
        return switch (asked.op()) {
            case "window" -> left.window(millis(spec, "window"), millis(spec, "slide"));
            case "count_by_window" ->
                    left.countByWindow(millis(spec, "window"), millis(spec, "slide"))
                            .map(count -> new Tuple2<>(null, count));
            case "count_by_value_and_window" ->
                    untyped(
                            left.map(Tuple2::_1)
                                    .countByValueAndWindow(
                                            millis(spec, "window"), millis(spec, "slide")));
            case "reduce_by_key_and_window" -> untyped(reduced(spec, numbers(left), parallelism));
            case "update_state_by_key" ->
                    untyped(numbers(left).<Long>updateStateByKey(Question::updated));
            case "map_with_state" -> {
                boolean isSum = spec.text("fn").equals("running_sum");
                yield numbers(left)
                        .mapWithState(
                                StateSpec.function(
                                        (String key, Optional<Long> value, State<Long> state) ->
                                                isSum
                                                        ? sum(key, value, state)
                                                        : toggled(key, value, state)))
                        .filter(answer -> answer._2() != null);
            }
            case "join" ->
                    pairs(left)
                            .join(pairs(right))
                            .toJavaDStream()
                            .map(both -> answer(both._1(), both._2()._1(), both._2()._2()));
            case "left_outer_join" ->
                    pairs(left)
                            .leftOuterJoin(pairs(right))
                            .toJavaDStream()
                            .map(
                                    both ->
                                            answer(
                                                    both._1(),
                                                    both._2()._1(),
                                                    both._2()._2().orNull()));
            case "full_outer_join" ->
                    pairs(left)
                            .fullOuterJoin(pairs(right))
                            .toJavaDStream()
                            .map(
                                    both ->
                                            answer(
                                                    both._1(),
                                                    both._2()._1().orNull(),
                                                    both._2()._2().orNull()));
            default -> throw new Unsupported("has no " + asked.op());
        };
    }

    private static JavaPairDStream<String, Long> reduced(
            Parameters spec, JavaPairDStream<String, Long> numbers, int parallelism) {
        Duration window = millis(spec, "window");
        Duration slide = millis(spec, "slide");
        Function2<Long, Long, Long> add = Math::addExact;
        if (!spec.has("inverse")) {
            return numbers.reduceByKeyAndWindow(add, window, slide);
        }
        Function2<Long, Long, Long> subtract = Math::subtractExact;
        if (!spec.has("filter")) {
            return numbers.reduceByKeyAndWindow(add, subtract, window, slide);
        }
        return numbers.reduceByKeyAndWindow(
                add, subtract, window, slide, parallelism, reduced -> reduced._2() != 0);
    }

    private static Optional<Long> updated(List<Long> values, Optional<Long> state) {
        long sum = state.orElse(0L);
        for (long value : values) {
            sum = Math.addExact(sum, value);
        }
        return Optional.of(sum);
    }

    private static Tuple2<String, Object> sum(
            String key, Optional<Long> value, State<Long> state) {
        long sum = Math.addExact(state.exists() ? state.get() : 0, value.orElse(0L));
        state.update(sum);
        return new Tuple2<>(key, sum);
    }

    /** Removes a state that is there, and tells so; makes one where there is none. */
    private static Tuple2<String, Object> toggled(
            String key, Optional<Long> value, State<Long> state) {
        if (state.exists()) {
            state.remove();
            return new Tuple2<>(key, "removed");
        }
        state.update(value.orElse(0L));
        return new Tuple2<>(key, null);
    }

    private static Tuple2<String, Object> answer(String key, Object one, Object other) {
        return new Tuple2<>(key, Arrays.asList(one, other));
    }

    private static JavaPairDStream<String, Object> pairs(
            JavaDStream<Tuple2<String, Object>> events) {
        return events.mapToPair(event -> event);
    }

    private static JavaPairDStream<String, Long> numbers(
            JavaDStream<Tuple2<String, Object>> events) {
        return events.mapToPair(event -> new Tuple2<>(event._1(), (Long) event._2()));
    }

    private static JavaDStream<Tuple2<String, Object>> untyped(
            JavaPairDStream<String, Long> answers) {
        return answers.toJavaDStream().map(answer -> new Tuple2<>(answer._1(), answer._2()));
    }

    private static Duration millis(Parameters spec, String name) {
        return new Duration(spec.number(name));
    }
}
