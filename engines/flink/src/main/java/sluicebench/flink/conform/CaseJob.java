package sluicebench.flink.conform;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Item;
import sluicebench.jvm.conform.Unsupported;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * A job for a case, given one item after the other. A checkpoint after each item tells that it has
 * gone through all operators, whichever way: what has come out by then came with it. A job that
 * answers at the end of its input alone takes no checkpoints, and has nothing to tell before.
 */
final class CaseJob {
    static final TypeInformation<Element> ELEMENTS = Types.POJO(Element.class);
    static final TypeInformation<Answer> ANSWERS = Types.POJO(Answer.class);

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);

    private final MiniCluster cluster;
    private final Case asked;
    private final boolean answersAtEnd;
    private final Stage stage;

    CaseJob(MiniCluster cluster, Case asked) {
        this.cluster = cluster;
        this.asked = asked;
        this.answersAtEnd = answersAtEnd(asked);
        this.stage = Stage.of(asked.input(), answersAtEnd);
    }

    /** Whether a case is about windows that fire at the end of the input. */
    static boolean answersAtEnd(Case asked) {
        return asked.op().equals("window_agg")
                && asked.spec().table("trigger").text("type").equals("end_of_stream");
    }

    Answers answers(StreamExecutionEnvironment environment) throws Exception {
        ask(environment);
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        JobID job = cluster.submitJob(graph).get().getJobID();
        CompletableFuture<JobResult> result = cluster.requestJobResult(job);
        try {
            return put(job, result);
        } finally {
            if (!result.isDone()) {
                cluster.cancelJob(job);
                result.get();
            }
        }
    }

    private void ask(StreamExecutionEnvironment environment) {
        DataStream<Element> items =
                environment
                        .fromSource(
                                new Replay(), WatermarkStrategy.noWatermarks(), "items", ELEMENTS)
                        .setParallelism(1);
        switch (asked.op()) {
            case "window_agg" -> WindowAggregate.ask(marked(items), asked.spec());
            case "window_join" -> Joins.window(left(items), right(items), asked.spec());
            case "window_cogroup" -> Joins.cogroup(left(items), right(items), asked.spec());
            case "interval_join" -> Joins.interval(left(items), right(items), asked.spec());
            default -> throw new Unsupported("has no " + asked.op());
        }
    }

    private DataStream<Element> left(DataStream<Element> items) {
        return marked(ofSide(items, false));
    }

    private DataStream<Element> right(DataStream<Element> items) {
        return marked(ofSide(items, true));
    }

    /** The items of a side, and marks that are of none, such as the end. */
    private DataStream<Element> ofSide(DataStream<Element> items, boolean isRight) {
        return items.filter(
                        item ->
                                item.isRight == isRight
                                        || item.isMark && item.time == Long.MAX_VALUE)
                .setParallelism(1);
    }

    /** The events, with watermarks where marks are. */
    private DataStream<Element> marked(DataStream<Element> items) {
        return items.assignTimestampsAndWatermarks(Marks.strategy())
                .setParallelism(1)
                .filter(item -> !item.isMark)
                .setParallelism(1);
    }

    private Answers put(JobID job, CompletableFuture<JobResult> result) throws Exception {
        Answers answers = new Answers();
        answers.tellLate();
        for (Item item : asked.input()) {
            stage.release();
            if (answersAtEnd && item.endsStream()) {
                result.get().toJobExecutionResult(getClass().getClassLoader());
            } else {
                until(result, () -> stage.given() > item.index());
                until(result, () -> answersAtEnd || isCheckpointed(job));
            }
            stage.moveTo(answers, item.index());
            if (item.restores()) {
                stage.fail();
            }
        }
        return answers;
    }

    private boolean isCheckpointed(JobID job) throws InterruptedException {
        try {
            cluster.triggerCheckpoint(job, CheckpointType.FULL).get();
            return true;
        } catch (ExecutionException e) {
            // Not all of it runs yet, or again.
            return false;
        }
    }

    private interface Condition {
        boolean isMet() throws Exception;
    }

    private static void until(CompletableFuture<JobResult> result, Condition condition)
            throws Exception {
        long start = System.nanoTime();
        while (!condition.isMet()) {
            if (result.isDone()) {
                JobResult ended = result.get();
                if (ended.getSerializedThrowable().isPresent()) {
                    throw ended.getSerializedThrowable().get();
                }
                throw new IllegalStateException("the job has ended before its last item");
            }
            if (System.nanoTime() - start > PATIENCE_NS) {
                throw new IllegalStateException("the job does not go on");
            }
            Thread.sleep(1);
        }
    }
}
