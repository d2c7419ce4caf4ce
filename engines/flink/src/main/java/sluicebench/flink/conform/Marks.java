package sluicebench.flink.conform;

import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/** Marks become watermarks where they stand. */
final class Marks implements WatermarkGenerator<Element> {
    static WatermarkStrategy<Element> strategy() {
        return WatermarkStrategy.<Element>forGenerator(context -> new Marks())
                .withTimestampAssigner((element, before) -> element.time);
    }

    @Override
    public void onEvent(Element element, long timestamp, WatermarkOutput output) {
        if (element.isMark) {
            output.emitWatermark(new Watermark(element.time));
        }
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {}
}
