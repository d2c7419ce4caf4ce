package sluicebench.storm;

import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.generated.KillOptions;
import org.apache.storm.generated.NotAliveException;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.utils.NimbusClient;
import org.apache.storm.utils.Utils;

import sluicebench.jvm.Arguments;
import sluicebench.jvm.Control;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A cluster that is there already: this process submits the topology to its Nimbus, with the jar of
 * its classes, looks now and then whether a task of it fails, and kills it in the end.
 */
final class Cluster {
    /** Waits until a topology has ended. */
    interface Waiting {
        void await(Outcomes.Look look) throws Exception;
    }

    private Cluster() {}

    /** The address of this machine that workers reach. */
    static String reach(Arguments arguments) {
        return host(arguments.text("reach"));
    }

    static void run(
            Arguments arguments,
            Control control,
            Config config,
            StormTopology topology,
            Waiting waiting)
            throws Exception {
        String name = arguments.text("topology");
        // What is set in a topology is set in its workers, too, which find Nimbus by themselves.
        String nimbus = arguments.text("cluster");
        String port = nimbus.substring(nimbus.lastIndexOf(':') + 1);
        String seeds = URLEncoder.encode("[\"" + host(nimbus) + "\"]", StandardCharsets.UTF_8);
        System.setProperty(
                "storm.options", "nimbus.seeds=" + seeds + ",nimbus.thrift.port=" + port);
        System.setProperty("storm.jar", arguments.text("jar"));
        control.beforeStop(() -> kill(name));
        try {
            StormSubmitter.submitTopology(name, config, topology);
            waiting.await(() -> failIfItFailed(name));
        } finally {
            kill(name);
        }
    }

    private static String host(String address) {
        return address.substring(0, address.lastIndexOf(':'));
    }

    /** A task that throws ends its worker, and Storm starts another one, again and again. */
    private static void failIfItFailed(String name) throws Exception {
        try (NimbusClient nimbus = nimbus()) {
            nimbus.getClient().getTopologyInfoByName(name).get_errors().values().stream()
                    .flatMap(List::stream)
                    .map(ErrorInfo::get_error)
                    .findFirst()
                    .ifPresent(Cluster::fail);
        }
    }

    private static void fail(String stack) {
        // Storm wraps what a task throws: the last cause is the first of what happened.
        String cause = "Caused by: ";
        int at = stack.lastIndexOf(cause);
        String first = at < 0 ? stack : stack.substring(at + cause.length());
        throw new IllegalStateException(
                "a task of the topology failed: " + first.lines().findFirst().orElse(""));
    }

    private static void kill(String name) {
        KillOptions now = new KillOptions();
        now.set_wait_secs(0);
        try (NimbusClient nimbus = nimbus()) {
            nimbus.getClient().killTopologyWithOpts(name, now);
        } catch (NotAliveException e) {
            // It is not there, or not any more.
        } catch (Exception e) {
            System.err.println("the topology " + name + " is left: " + Control.sentence(e));
        }
    }

    private static NimbusClient nimbus() {
        return NimbusClient.Builder.withConf(Utils.readStormConfig()).build();
    }
}
