package sluicebench.flink;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;

import java.io.IOException;

/** A sink of Flink 1.x, where the method that 2.x left out still has to be there. */
abstract class AnySink<A> implements Sink<A> {
    @Override
    @Deprecated
    public final SinkWriter<A> createWriter(Sink.InitContext context) throws IOException {
        throw new UnsupportedOperationException("Flink calls the one with a WriterInitContext");
    }
}
