package sluicebench.flink;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import sluicebench.jvm.Arguments;

import java.net.URI;
import java.util.Map;

/**
 * A cluster that is there already: this process submits the job to it, with the jar of its classes,
 * and waits for its end. The jar goes with the job.
 */
final class Cluster {
    private Cluster() {}

    static StreamExecutionEnvironment of(Arguments arguments, Map<String, String> keys) {
        Configuration configuration = Configuration.fromMap(keys);
        // Whoever started this process can end the job by its number, whatever happens here.
        configuration.setString("$internal.pipeline.job-id", arguments.text("job-id"));
        // How long it takes to notice that the job has ended.
        configuration.setString("client.retry-period", "100 ms");
        String address = arguments.text("cluster");
        int colon = address.lastIndexOf(':');
        return StreamExecutionEnvironment.createRemoteEnvironment(
                address.substring(0, colon),
                Integer.parseInt(address.substring(colon + 1)),
                configuration,
                arguments.text("jar"));
    }

    /** Its REST interface. */
    static URI rest(Arguments arguments) {
        return URI.create("http://" + arguments.text("cluster"));
    }
}
