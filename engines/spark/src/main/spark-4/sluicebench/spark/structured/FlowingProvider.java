package sluicebench.spark.structured;

import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.types.StructType;

/** A data source for {@code readStream} in real-time mode: the harness's events as they come. */
public final class FlowingProvider extends EventProvider {
    @Override
    MicroBatchStream stream(Input input, StructType columns, long maxRecords) {
        return new FlowingStream(input, columns);
    }
}
