package mesh.testnet.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo models in the real engine: what the other real runs rely on when they assert literal text. */
class DemoModelsIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";
    private static final JsonMapper JSON = new JsonMapper();

    /** A loaded machine of one core still loads the large one in that time. */
    private static final long LOADING_MILLIS_MAX = 60_000;

    private RealLlama llama;

    @BeforeEach
    void findLlama() throws Exception {
        llama = RealLlama.orSkip();
    }

    @TempDir
    Path folder;

    @Test
    void cycleModelsReciteTheAlphabetAndStop() throws Exception {
        for (String demo : new String[] {"demo-tiny", "demo", "demo-large"}) {
            try (var server = new Server(demo)) {
                assertThat(server.chat("\"temperature\": 0")).as(demo).isEqualTo(ALPHABET + " stop");
                assertThat(server.chat("\"seed\": 1")).as(demo).isEqualTo(ALPHABET + " stop");
                assertThat(server.chat("\"temperature\": 2, \"top_k\": 0, \"top_p\": 1, \"min_p\": 0"))
                        .as(demo)
                        .isEqualTo(ALPHABET + " stop");
                assertThat(server.streamed()).as(demo).isEqualTo(ALPHABET + " stop");
            }
        }
    }

    @Test
    void randomModelsBabbleReadablyAndNeverStop() throws Exception {
        for (String demo : new String[] {"demo-tiny-random", "demo-random", "demo-large-random"}) {
            try (var server = new Server(demo)) {
                String greedy = server.chat("\"temperature\": 0, \"max_tokens\": 64");

                assertThat(greedy).as(demo).matches("[a-z .,]{64} length");
                assertThat(greedy.chars().distinct().count()).as(demo).isGreaterThan(8);
                assertThat(server.chat("\"temperature\": 0, \"max_tokens\": 64"))
                        .isEqualTo(greedy);
                assertThat(server.chat("\"max_tokens\": 64")).as(demo).matches("[a-z .,]{64} length");
            }
        }
    }

    /** One engine with one model, ended with its test. */
    private final class Server implements AutoCloseable {
        private final HttpClient http = HttpClient.newHttpClient();
        private final URI address;
        private final Process process;

        Server(String demo) throws Exception {
            var found = (Resolved.Found) new ModelStore(folder, Catalog::bundled).find(demo);
            int port = freePort();
            address = URI.create("http://127.0.0.1:" + port);
            Path log = folder.resolve(demo + ".log");
            List<String> arguments = List.of(
                    "-m",
                    found.file().path().toString(),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    String.valueOf(port),
                    "-t",
                    "1",
                    "-c",
                    "2048",
                    "-np",
                    "1",
                    "--offline");
            process = llama.start(log, "llama-server", arguments);
            awaitHealth(log);
        }

        private void awaitHealth(Path log) throws Exception {
            long deadline = System.nanoTime() + LOADING_MILLIS_MAX * 1_000_000;
            while (System.nanoTime() < deadline) {
                if (!process.isAlive()) throw new AssertionError("engine died: " + Files.readString(log));
                try {
                    var request =
                            HttpRequest.newBuilder(address.resolve("/health")).build();
                    if (http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode() == 200) return;
                } catch (IOException notYet) {
                    // It does not listen yet; the deadline is the judge.
                }
                Thread.sleep(20); // Health can only be polled.
            }
            throw new AssertionError("engine not ready: " + Files.readString(log));
        }

        /** The answer and its finish reason. */
        String chat(String options) throws Exception {
            JsonNode choice = JSON.readTree(post(options)).path("choices").path(0);
            return choice.path("message").path("content").asText() + " "
                    + choice.path("finish_reason").asText();
        }

        String streamed() throws Exception {
            List<JsonNode> choices = post("\"stream\": true")
                    .lines()
                    .filter(line -> line.startsWith("data: {"))
                    .map(line -> tree(line.substring(6)).path("choices").path(0))
                    .toList();
            String text = choices.stream()
                    .map(choice -> choice.path("delta").path("content"))
                    .filter(JsonNode::isTextual)
                    .map(JsonNode::asText)
                    .collect(Collectors.joining());
            return text + " " + choices.getLast().path("finish_reason").asText();
        }

        private String post(String options) throws Exception {
            String body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Who are you?\"}], " + options + "}";
            var request = HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }

        private static JsonNode tree(String json) {
            try {
                return JSON.readTree(json);
            } catch (IOException e) {
                throw new AssertionError(json, e);
            }
        }

        @Override
        public void close() {
            http.close();
            process.destroyForcibly().onExit().join();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
