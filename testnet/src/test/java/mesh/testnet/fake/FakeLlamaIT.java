package mesh.testnet.fake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.Supervisor;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.engine.States;
import mesh.testnet.engine.TestModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The stand-in says what the real llama-server says, on every call that we use: the same statuses, the same headers that
 * matter, and the same JSON up to numbers and texts that differ by nature.
 */
class FakeLlamaIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ASK = "\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]";

    @TempDir
    Path data;

    private Children children;
    private FakeLlama fake;
    private int realPort;
    private String key;

    @BeforeEach
    void startBoth() throws Exception {
        children = new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
        Engine engine = RealEngine.orSkip();
        var states = new States();
        var serving = new Serving(TestModel.file(), "demo", 4096, 1, 1, 0);
        Launch.Commands commands = (port, apiKey) -> ServerCommand.of(engine, serving, port, apiKey);
        Supervisor.start(children, new LoopbackPorts(), Launch.server("llama", 0, commands), states);
        ChildState.Ready ready = states.await(ChildState.Ready.class, PATIENCE);
        realPort = ready.port();
        key = ready.apiKey();
        fake = FakeLlama.start(Knobs.NONE, "demo", 0, key, () -> {});
    }

    @AfterEach
    void endBoth() throws InterruptedException {
        if (fake != null) fake.close();
        children.killAll();
        children.stopAll();
    }

    @Test
    void healthAndModelsAgree() throws Exception {
        assertAgree("GET", "/health", "", true);
        assertAgree("GET", "/health", "", false);
        assertThat(shape(call(fake.port(), "GET", "/v1/models", "", true)).keySet())
                .isSubsetOf(shape(call(realPort, "GET", "/v1/models", "", true)).keySet());
    }

    @Test
    void plainAnswersAgree() throws Exception {
        assertAgree("POST", "/v1/chat/completions", "{" + ASK + "}", true);
        assertAgree("POST", "/v1/chat/completions", "{\"max_tokens\":3," + ASK + "}", true);
        assertThat(call(fake.port(), "POST", "/v1/chat/completions", "{" + ASK + "}", true)
                        .body())
                .contains("\"content\":\"abcdefghijklmnopqrstuvwxyz\"");
    }

    @Test
    void streamedAnswersAgreeEventByEvent() throws Exception {
        for (String more : List.of(
                "",
                "\"max_tokens\":3,",
                "\"stream_options\":{\"include_usage\":true},",
                "\"max_tokens\":1,\"stream_options\":{\"include_usage\":true},")) {
            String body = "{\"stream\":true," + more + ASK + "}";

            assertThat(events(fake.port(), body)).isEqualTo(events(realPort, body));
        }
    }

    @Test
    void refusalsAgree() throws Exception {
        assertAgree("GET", "/v1/models", "", false);
        assertAgree("POST", "/v1/chat/completions", "{nope", true);
        assertAgree("POST", "/v1/chat/completions", "{}", true);
        assertAgree("GET", "/v1/chat/completions", "", true);
        assertAgree("GET", "/nope", "", true);
    }

    @Test
    void clientThatLeavesEndsTheAnswerAndIsCounted() throws Exception {
        try (FakeLlama slow = FakeLlama.start(Knobs.of("tokenMillis=5;tokens=1000000"))) {
            String body = "{\"stream\":true," + ASK + "}";
            String head =
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n";
            try (var socket = new Socket("127.0.0.1", slow.port())) {
                socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().read()).isEqualTo('H');
            }

            long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
            while (slow.counters().cancelled().get() == 0 && System.nanoTime() < deadlineNanos) Thread.onSpinWait();
            assertThat(slow.counters().cancelled().get()).isEqualTo(1);
        }
    }

    private void assertAgree(String method, String path, String body, boolean withKey) throws Exception {
        HttpResponse<String> ours = call(fake.port(), method, path, body, withKey);
        HttpResponse<String> theirs = call(realPort, method, path, body, withKey);

        assertThat(ours.statusCode()).as(path).isEqualTo(theirs.statusCode());
        assertThat(ours.headers().firstValue("content-type"))
                .isEqualTo(theirs.headers().firstValue("content-type"));
        assertThat(shape(ours)).as(path).isEqualTo(shape(theirs));
    }

    private HttpResponse<String> call(int port, String method, String path, String body, boolean withKey)
            throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (withKey) request.header("Authorization", "Bearer " + key);
        // A client of its own for each call: a kept connection may be closed by the server just as it is used again.
        try (var http = HttpClient.newHttpClient()) {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    private List<String> events(int port, String body) throws Exception {
        HttpResponse<String> response = call(port, "POST", "/v1/chat/completions", body, true);
        var events = new ArrayList<String>();
        events.add(response.statusCode() + " "
                + response.headers().firstValue("content-type").orElse(""));
        for (String event : response.body().split("\n\n"))
            events.add(event.startsWith("data: {") ? shape(event.substring(6)).toString() : event.strip());
        return events;
    }

    private static Map<String, String> shape(HttpResponse<String> response) throws Exception {
        return shape(response.body());
    }

    /** Every path in the JSON with the kind of its value; where the value is part of the contract, the value. */
    private static Map<String, String> shape(String body) throws Exception {
        var shape = new TreeMap<String, String>();
        walk("", JSON.readTree(body), shape);
        return shape;
    }

    private static void walk(String path, JsonNode node, Map<String, String> into) {
        if (node instanceof ObjectNode object)
            object.properties().forEach(field -> walk(path + "." + field.getKey(), field.getValue(), into));
        else if (node.isArray()) for (int i = 0; i < node.size(); i++) walk(path + "[" + i + "]", node.get(i), into);
        else {
            boolean isContract = path.matches(
                    ".*\\.(finish_reason|role|content|object|type|code|model|status|completion_tokens|predicted_n|index)");
            into.put(
                    path,
                    isContract
                            ? node.toString()
                            : node.isNumber() ? "number" : node.getNodeType().toString());
        }
    }
}
