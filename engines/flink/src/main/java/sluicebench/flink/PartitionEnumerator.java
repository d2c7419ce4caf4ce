package sluicebench.flink;

import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

import java.util.List;

/** Gives each reader the partition of its own number: there are as many of both. */
final class PartitionEnumerator implements SplitEnumerator<Partition, Void> {
    private final SplitEnumeratorContext<Partition> context;

    PartitionEnumerator(SplitEnumeratorContext<Partition> context) {
        this.context = context;
    }

    @Override
    public void start() {}

    @Override
    public void addReader(int subtask) {
        context.assignSplit(new Partition(subtask), subtask);
        context.signalNoMoreSplits(subtask);
    }

    @Override
    public void handleSplitRequest(int subtask, String hostname) {}

    @Override
    public void addSplitsBack(List<Partition> partitions, int subtask) {}

    @Override
    public Void snapshotState(long checkpoint) {
        return null;
    }

    @Override
    public void close() {}
}
