package sluicebench.flink.conform;

import sluicebench.jvm.Json;
import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Item;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What the one who puts a case and the tasks that work on it have in common, in one process: which
 * items the source may give out, how many it has given, and what has come of them.
 */
final class Stage {
    private static volatile Stage current;

    private final List<Item> items;
    private final boolean endsInput;
    private final List<Output> outputs = new ArrayList<>();

    private CompletableFuture<Void> news = new CompletableFuture<>();
    private int released;
    private int given;
    private boolean isToFail;

    /** Something that came out: a row with its timestamp, or the index of a late event. */
    record Output(Answer answer, Long timestamp, int late) {}

    private Stage(List<Item> items, boolean endsInput) {
        this.items = items;
        this.endsInput = endsInput;
    }

    /**
     * A new stage, which is the current one from here on.
     *
     * @param endsInput whether the end of the stream is the end of the source, and no mark alone
     */
    static Stage of(List<Item> items, boolean endsInput) {
        current = new Stage(items, endsInput);
        return current;
    }

    static Stage current() {
        return current;
    }

    boolean endsInput() {
        return endsInput;
    }

    /** Lets the source give out one more item. */
    synchronized void release() {
        released++;
        tell();
    }

    /** Lets the source fail. */
    synchronized void fail() {
        isToFail = true;
        tell();
    }

    private void tell() {
        CompletableFuture<Void> told = news;
        news = new CompletableFuture<>();
        told.complete(null);
    }

    /** How many items the source has given out. */
    synchronized int given() {
        return given;
    }

    /** The item that the source gives out at a position; {@code null} where it has to wait. */
    synchronized Item take(int position) {
        if (isToFail) {
            isToFail = false;
            throw new IllegalStateException("thrown away, to be restored from its checkpoint");
        }
        return position < released ? items.get(position) : null;
    }

    synchronized void gave(int position) {
        given = position;
    }

    /** Ends when there is something to do for the source at a position. */
    synchronized CompletableFuture<Void> available(int position) {
        boolean isNow = isToFail || position < released;
        return isNow ? CompletableFuture.completedFuture(null) : news;
    }

    synchronized void answer(Answer answer, Long timestamp) {
        outputs.add(new Output(answer, timestamp, -1));
    }

    synchronized void late(int index) {
        outputs.add(new Output(null, null, index));
    }

    /** Takes what has come out, as what came with an item. */
    synchronized void moveTo(Answers answers, int index) {
        for (Output output : outputs) {
            Answer answer = output.answer();
            if (answer == null) {
                answers.late(output.late());
                continue;
            }
            Json.Written value = new Json.Written(answer.value);
            Map<String, Object> row =
                    answers.row(index, answer.windowStart, answer.windowEnd, answer.key, value);
            row.put("t", output.timestamp());
        }
        outputs.clear();
    }
}
