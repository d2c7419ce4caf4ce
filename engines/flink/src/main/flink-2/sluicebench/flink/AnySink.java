package sluicebench.flink;

import org.apache.flink.api.connector.sink2.Sink;

/** A sink of Flink 2.x. */
abstract class AnySink<A> implements Sink<A> {}
