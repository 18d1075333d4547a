package mesh.daemon.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.member.Profile.Skill;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.TcpEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenAiApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Entry> entries = new ArrayList<>();
    private HttpServer engine;
    private EdgeLoops loops;
    private EdgeServer server;

    @TempDir
    Path temp;

    @BeforeEach
    void start() throws Exception {
        engine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        engine.createContext("/", call -> {
            call.getRequestBody().readAllBytes();
            boolean isEmbedding = call.getRequestURI().getPath().equals("/v1/embeddings");
            String text = isEmbedding
                    ? "{\"error\":{\"code\":501,\"message\":\"start with --embeddings\",\"type\":\"not_supported_error\"}}"
                    : "{\"path\":\"" + call.getRequestURI() + "\"}";
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            call.getResponseHeaders().set("content-type", "application/json");
            call.getResponseHeaders().set("access-control-allow-origin", "*");
            call.sendResponseHeaders(isEmbedding ? 501 : 200, bytes.length);
            call.getResponseBody().write(bytes);
            call.close();
        });
        engine.start();
        var routes = new RouteTable();
        new OpenAiApi(new Listed()).addTo(routes);
        loops = EdgeLoops.start(1);
        server = EdgeServer.start(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                routes,
                EdgeSettings.loopbackOnly(temp),
                served -> {});
    }

    @AfterEach
    void stop() {
        server.close();
        loops.close();
        engine.stop(0);
    }

    @Test
    void listShowsEveryModelWithItsStateAndContextLength() throws Exception {
        entries.add(ready("a"));
        entries.add(loading("b"));

        JsonNode list = json(get("/v1/models"));

        assertThat(list.at("/object").asText()).isEqualTo("list");
        assertThat(list.at("/data/0/id").asText()).isEqualTo("a");
        assertThat(list.at("/data/0/context_length").asInt()).isEqualTo(4_096);
        assertThat(list.at("/data/0/meta/n_ctx").asInt()).isEqualTo(4_096);
        assertThat(list.at("/data/1/state").asText()).isEqualTo("loading");
        assertThat(list.at("/data/1/object").asText()).isEqualTo("model");
    }

    @Test
    void oneModelIsFoundByItsNameWithSlashes() throws Exception {
        entries.add(ready("org/name:q4"));

        assertThat(json(get("/v1/models/org/name:q4")).at("/id").asText()).isEqualTo("org/name:q4");
        assertThat(json(get("/v1/models/org%2Fname%3Aq4")).at("/id").asText()).isEqualTo("org/name:q4");
    }

    @Test
    void unknownModelIsNotFoundWithNearNamesAndTheListsAddress() throws Exception {
        entries.add(ready("alpha"));

        for (var response : List.of(get("/v1/models/alhpa"), chat("{\"model\":\"alhpa\"}"))) {
            JsonNode error = json(response).path("error");
            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(error.path("code").asText()).isEqualTo("model_not_found");
            assertThat(error.path("param").asText()).isEqualTo("model");
            assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
            assertThat(error.path("message").asText()).contains("alhpa", "alpha", "/v1/models");
        }
    }

    @Test
    void loadingModelSaysHowFarItIsAndWhenToAskAgain() throws Exception {
        entries.add(loading("b"));

        var response = chat("{\"model\":\"b\"}");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("retry-after")).contains("3");
        assertThat(json(response).at("/error/code").asText()).isEqualTo("model_loading");
        assertThat(json(response).at("/error/message").asText()).contains("41 %");
    }

    @Test
    void failedModelSaysWhy() throws Exception {
        entries.add(new Entry("c", State.FAILED, "cut file", 0, 0, 1, "mesh", List.of()));

        var response = chat("{\"model\":\"c\"}");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(json(response).at("/error/code").asText()).isEqualTo("gguf_cut");
    }

    @Test
    void openChoiceWithoutAReadyModelSaysHowFarTheFirstOneIs() throws Exception {
        assertThat(json(chat("{}")).at("/error/code").asText()).isEqualTo("no_model");

        entries.add(loading("b"));

        assertThat(json(chat("{}")).at("/error/code").asText()).isEqualTo("model_loading");
    }

    @Test
    void everyRelayedPathReachesTheEngineByItsCanonicalName() throws Exception {
        entries.add(ready("a"));

        for (String path : List.of(
                "/v1/chat/completions", "/v1/completions", "/infill", "/tokenize", "/detokenize", "/apply-template"))
            assertThat(json(post(path + "/?x=y", "{}")).path("path").asText()).isEqualTo(path);
        assertThat(json(post("/completions", "{}")).path("path").asText()).isEqualTo("/v1/completions");
    }

    @Test
    void enginesOwnErrorPassesThroughWithoutItsHeaders() throws Exception {
        entries.add(ready("a"));

        var response = post("/v1/embeddings", "{\"input\":\"x\"}");

        assertThat(response.statusCode()).isEqualTo(501);
        assertThat(json(response).at("/error/type").asText()).isEqualTo("not_supported_error");
        assertThat(response.headers().firstValue("access-control-allow-origin")).isEmpty();
    }

    @Test
    void healthIsAlwaysAnsweredAndReadinessOnlyWhenSomethingIsReady() throws Exception {
        assertThat(json(get("/health")).path("status").asText()).isEqualTo("idle");
        entries.add(loading("b"));
        assertThat(json(get("/v1/health")).path("status").asText()).isEqualTo("loading");
        var waiting = get("/readyz");
        assertThat(waiting.statusCode()).isEqualTo(503);
        assertThat(json(waiting).at("/models/0/detail").asText()).isEqualTo("41 %");

        entries.add(ready("a"));

        assertThat(json(get("/health")).path("status").asText()).isEqualTo("ok");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
        assertThat(get("/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void enginesControlPathsAndForeignOnesAreUnknown() throws Exception {
        entries.add(ready("a"));

        for (String path : List.of("/slots", "/props", "/lora-adapters", "/v1/images/generations", "/v1/files")) {
            var response = post(path, "{}");
            assertThat(response.statusCode()).as(path).isEqualTo(404);
            assertThat(json(response).at("/error/code").asText()).isEqualTo("unknown_url");
            assertThat(json(response).at("/error/message").asText()).contains(path);
        }
    }

    @Test
    void oddModelNamesAreRefused() throws Exception {
        var response = chat("{\"model\":7}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).at("/error/param").asText()).isEqualTo("model");
    }

    @Test
    void picturesThatWouldHaveToBeFetchedAreRefusedInTheCallersDialect() throws Exception {
        entries.add(ready("a"));
        String picture = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://somewhere/a.png\"}}";
        String block = "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"http://somewhere/a.png\"}}";
        String body = "{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":[%s]}]}";

        var openai = chat(body.formatted(picture));
        var anthropic = post("/v1/messages", body.formatted(block));

        assertThat(openai.statusCode()).isEqualTo(400);
        assertThat(json(openai).at("/error/code").asText()).isEqualTo("media_url_unsupported");
        assertThat(json(openai).at("/error/message").asText()).contains("data URI");
        assertThat(anthropic.statusCode()).isEqualTo(400);
        assertThat(json(anthropic).at("/error/type").asText()).isEqualTo("invalid_request_error");
        assertThat(chat(body.formatted(picture.replace("http://somewhere/a.png", "data:image/png;base64,AA==")))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void hostAnswersNoPeerWhosePictureItWouldHaveToFetch() throws Exception {
        var routes = new RouteTable();
        new PeerApi((model, asker) -> Optional.of(Course.only(new TcpEngine(engine.getAddress(), "")))).addTo(routes);
        server.close();
        server = EdgeServer.start(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                routes,
                EdgeSettings.loopbackOnly(temp),
                served -> {});

        var response = chat("{\"messages\":[{\"content\":[{\"type\":\"image_url\","
                + "\"image_url\":{\"url\":\"https://somewhere/a.png\"}}]}]}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).at("/error/code").asText()).isEqualTo("media_url_unsupported");
    }

    @Test
    void listSaysWhatModelsCan() throws Exception {
        entries.add(ready("a"));
        entries.add(
                new Entry("b", State.READY, "", 4_096, 1_000, 1, "mesh", List.of(), List.of(Skill.CHAT, Skill.VISION)));

        JsonNode list = json(get("/v1/models"));

        assertThat(list.at("/data/0").has("skills")).isFalse();
        assertThat(list.at("/data/1/skills").toString()).isEqualTo("[\"chat\",\"vision\"]");
    }

    private static Entry ready(String name) {
        return new Entry(name, State.READY, "", 4_096, 1_000, 1, "mesh", List.of());
    }

    private static Entry loading(String name) {
        return new Entry(name, State.LOADING, "41 %", 0, 0, 1, "mesh", List.of());
    }

    private HttpResponse<String> chat(String body) throws Exception {
        return post("/v1/chat/completions", body);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return JSON.readTree(response.body());
    }

    /** The entries of the test, all of the ready ones at one engine. */
    private final class Listed implements Models {
        @Override
        public List<Entry> list() {
            return List.copyOf(entries);
        }

        @Override
        public Answer find(Wish wish) {
            return obstacle(wish.model())
                    .orElseGet(() -> new Answer.Ready(Course.only(new TcpEngine(engine.getAddress(), ""))));
        }

        @Override
        public Optional<Answer> obstacle(String model) {
            if (model.isEmpty() && entries.isEmpty()) return Optional.of(new Answer.Nothing());
            for (Entry entry : entries) {
                if (!entry.name().equals(model) && !model.isEmpty()) continue;
                return switch (entry.state()) {
                    case READY -> Optional.empty();
                    case LOADING, WAITING, COLD -> Optional.of(new Answer.Loading(entry.name(), entry.detail(), 3));
                    case FAILED -> Optional.of(new Answer.Failed(entry.name(), "gguf_cut", "the file is cut short"));
                };
            }
            return Optional.of(
                    new Answer.Unknown(entries.stream().map(Entry::name).toList()));
        }
    }
}
