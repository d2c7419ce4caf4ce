package sluicebench.kafka;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A broker on loopback for one run: broker and controller in one, its log below the working folder.
 * It ends when its standard input does, as whoever started it holds that open.
 */
public final class Broker {
    private static final String FRAME_MAX = String.valueOf(16 << 20);

    private Broker() {}

    /** {@code args}: the port of the broker and that of the controller. */
    public static void main(String[] args) throws Exception {
        Thread parent = new Thread(Broker::endWithParent, "sluice-parent");
        parent.setDaemon(true);
        parent.start();
        String log = Path.of("log").toAbsolutePath().toString();
        try {
            new Formatter()
                    .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(1)
                    .setControllerListenerName("CONTROLLER")
                    .setMetadataLogDirectory(log)
                    .addDirectory(log)
                    .run();
            KafkaConfig config = KafkaConfig.fromProps(settings(args[0], args[1], log), false);
            KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
            server.startup();
            server.awaitShutdown();
        } catch (Throwable e) {
            System.err.println(e);
            Runtime.getRuntime().halt(1);
        }
    }

    private static Properties settings(String port, String controllerPort, String log) {
        Properties settings = new Properties();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        settings.put(
                "listeners",
                "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        settings.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put(
                "listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("log.dirs", log);
        settings.put("auto.create.topics.enable", "false");
        settings.put("message.max.bytes", FRAME_MAX);
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        return settings;
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException e) {
            // As good as its end.
        }
        Runtime.getRuntime().halt(3);
    }
}
