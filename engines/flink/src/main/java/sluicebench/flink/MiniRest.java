package sluicebench.flink;

import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.minicluster.MiniCluster;

import java.lang.reflect.Field;
import java.net.URI;

/**
 * The REST interface of the mini cluster that a local environment starts. The environment hands out
 * nothing but the job, and the system chose the port.
 */
final class MiniRest {
    private MiniRest() {}

    static URI of(JobClient job) throws Exception {
        for (Field field : job.getClass().getDeclaredFields()) {
            if (field.getType() == MiniCluster.class) {
                field.setAccessible(true);
                return ((MiniCluster) field.get(job)).getRestAddress().get();
            }
        }
        throw new IllegalStateException(
                job.getClass() + " holds no mini cluster, whose checkpoints would be told");
    }
}
