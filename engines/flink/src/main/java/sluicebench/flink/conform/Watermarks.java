package sluicebench.flink.conform;

import org.apache.flink.api.common.eventtime.BoundedOutOfOrdernessWatermarks;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.streaming.runtime.io.PushingAsyncDataInput.DataOutput;
import org.apache.flink.streaming.runtime.watermarkstatus.StatusWatermarkValve;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

import sluicebench.jvm.conform.Answers;
import sluicebench.jvm.conform.Case;
import sluicebench.jvm.conform.Item;

import java.lang.reflect.Proxy;
import java.time.Duration;

/** How far event time has come: Flink's own parts for that, asked without a job around them. */
final class Watermarks {
    private Watermarks() {}

    /** What a task with several inputs makes of their watermarks. */
    static Answers ofValve(Case asked) throws Exception {
        Answers answers = new Answers();
        int channels = Math.toIntExact(asked.spec().number("channels"));
        StatusWatermarkValve valve = new StatusWatermarkValve(channels);
        for (Item item : asked.input()) {
            DataOutput<?> output = output(answers, item.index());
            if (item.isWatermark()) {
                long watermark = item.words().number("watermark");
                valve.inputWatermark(
                        new org.apache.flink.streaming.api.watermark.Watermark(watermark),
                        item.channel(),
                        output);
            } else if (item.words().has("status")) {
                boolean isIdle = item.words().text("status").equals("idle");
                WatermarkStatus status = isIdle ? WatermarkStatus.IDLE : WatermarkStatus.ACTIVE;
                valve.inputWatermarkStatus(status, item.channel(), output);
            }
        }
        return answers;
    }

    /** An output of which only watermarks are heard. What else it has depends on the version. */
    private static DataOutput<?> output(Answers answers, int index) {
        return (DataOutput<?>)
                Proxy.newProxyInstance(
                        Watermarks.class.getClassLoader(),
                        new Class<?>[] {DataOutput.class},
                        (proxy, method, arguments) -> {
                            if (arguments[0]
                                    instanceof
                                    org.apache.flink.streaming.api.watermark.Watermark told) {
                                answers.watermark(index, told.getTimestamp());
                            }
                            return null;
                        });
    }

    /** What the generator says that trails the latest event. One that says no more is not heard. */
    static Answers ofGenerator(Case asked) {
        Answers answers = new Answers();
        Duration bound = Duration.ofMillis(asked.spec().number("max_out_of_orderness"));
        WatermarkGenerator<Long> generator = new BoundedOutOfOrdernessWatermarks<>(bound);
        Progress progress = new Progress(answers);
        for (Item item : asked.input()) {
            progress.index = item.index();
            if (item.isEvent()) {
                generator.onEvent(item.time(), item.time(), progress);
            } else if (item.words().isSet("periodic_emit")) {
                generator.onPeriodicEmit(progress);
            }
        }
        return answers;
    }

    private static final class Progress implements WatermarkOutput {
        private final Answers answers;
        private int index;
        private long latest = Long.MIN_VALUE;

        Progress(Answers answers) {
            this.answers = answers;
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            if (watermark.getTimestamp() > latest) {
                latest = watermark.getTimestamp();
                answers.watermark(index, latest);
            }
        }

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}
    }
}
