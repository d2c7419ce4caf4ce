package sluicebench.flink;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

import sluicebench.jvm.Control;
import sluicebench.jvm.Json;
import sluicebench.jvm.Machine;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Tells the harness of each checkpoint that has ended: how long it took and how much was written,
 * as the JobManager's REST interface has it.
 */
final class Checkpoints implements AutoCloseable {
    private static final long POLL_MS = 500;

    private final Control control;
    private final HttpRequest request;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ObjectMapper mapper = new ObjectMapper();
    private final Set<Long> told = new HashSet<>();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    task -> {
                        Thread thread = new Thread(task, "sluice-checks");
                        thread.setDaemon(true);
                        return thread;
                    });

    Checkpoints(Control control, URI rest, String job) {
        this.control = control;
        URI uri = rest.resolve("/jobs/" + job + "/checkpoints");
        this.request = HttpRequest.newBuilder(uri).build();
        timer.scheduleAtFixedRate(this::look, POLL_MS, POLL_MS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            HttpResponse<byte[]> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            for (JsonNode checkpoint : mapper.readTree(answer.body()).path("history")) {
                tell(checkpoint);
            }
        } catch (IOException e) {
            // It is asked again, and the job does not depend on it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(JsonNode checkpoint) {
        long id = checkpoint.path("id").asLong();
        String status = checkpoint.path("status").asText();
        if (status.equals("IN_PROGRESS") || !told.add(id)) {
            return;
        }
        long triggered = checkpoint.path("trigger_timestamp").asLong();
        long took = checkpoint.path("end_to_end_duration").asLong();
        Map<String, Object> note = new LinkedHashMap<>();
        note.put("id", id);
        note.put("ended_ns", Machine.nanoTimeAt(triggered + took));
        note.put("ms", took);
        note.put("bytes", checkpoint.path("checkpointed_size").asLong());
        note.put("is_complete", status.equals("COMPLETED"));
        control.note(Json.object("checkpoint", note));
    }

    @Override
    public void close() {
        // Nobody is interrupted: a channel that is written to then would be closed.
        timer.shutdown();
    }
}
