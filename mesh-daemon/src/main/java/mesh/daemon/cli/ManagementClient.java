package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import mesh.daemon.Refusal;
import mesh.daemon.store.Whereabouts;

/** Speaks to a running daemon's management API; the answer's own error message becomes the refusal. One call at a time. */
final class ManagementClient {
    private static final JsonMapper JSON = new JsonMapper();
    /** A daemon on loopback that takes longer than this to answer from memory is stuck. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Whereabouts where;

    ManagementClient(Whereabouts where) {
        this.where = where;
    }

    long pid() {
        return where.pid();
    }

    JsonNode get(String path) throws Refusal {
        return call("GET", path, "", PATIENCE);
    }

    JsonNode post(String path, String body) throws Refusal {
        return post(path, body, PATIENCE);
    }

    /** For what the daemon cannot answer from memory. */
    JsonNode post(String path, String body, Duration patience) throws Refusal {
        return call("POST", path, body, patience);
    }

    JsonNode delete(String path) throws Refusal {
        return call("DELETE", path, "", PATIENCE);
    }

    private JsonNode call(String method, String path, String body, Duration patience) throws Refusal {
        try {
            var connection = (HttpURLConnection)
                    URI.create(where.management() + "/mesh/v1/" + path).toURL().openConnection();
            connection.setConnectTimeout((int) PATIENCE.toMillis());
            connection.setReadTimeout((int) patience.toMillis());
            connection.setRequestMethod(method);
            connection.setRequestProperty("x-mesh-console", "1");
            if (!body.isEmpty()) {
                connection.setDoOutput(true);
                connection.setRequestProperty("content-type", "application/json");
                connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
            }
            return answer(connection);
        } catch (IOException unreachable) {
            throw new Refusal(
                    Refusal.FAILED,
                    "unreachable",
                    "the node with pid " + where.pid() + " does not answer at " + where.management() + ": "
                            + unreachable.getMessage());
        }
    }

    private static JsonNode answer(HttpURLConnection connection) throws IOException, Refusal {
        boolean isRefused = connection.getResponseCode() >= 400;
        try (InputStream in = isRefused ? connection.getErrorStream() : connection.getInputStream()) {
            JsonNode json = JSON.readTree(in);
            if (!isRefused) return json;
            JsonNode error = json.path("error");
            throw new Refusal(
                    Refusal.FAILED,
                    error.path("code").asText(),
                    error.path("message").asText());
        }
    }
}
