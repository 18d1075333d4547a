package mesh.daemon.api;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.LeakWatch;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.TcpEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Ollama's API over an engine that says what each test tells it to, in the words of llama-server. */
@ExtendWith(LeakWatch.class)
class OllamaApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TIMINGS =
            "\"timings\":{\"cache_n\":4,\"prompt_n\":3,\"prompt_ms\":1.5," + "\"predicted_n\":2,\"predicted_ms\":0.25}";
    private static final String ASK =
            "{\"model\":\"demo:latest\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final List<String> answers = new CopyOnWriteArrayList<>();
    private HttpServer engine;
    private EdgeLoops loops;
    private EdgeServer server;

    @BeforeEach
    void start(@TempDir Path temp) throws Exception {
        engine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        engine.createContext("/", call -> {
            heard.add(call.getRequestURI().getPath());
            heard.add(new String(call.getRequestBody().readAllBytes(), UTF_8));
            boolean isStream = answers.getFirst().startsWith("data:");
            call.getResponseHeaders().set("content-type", isStream ? "text/event-stream" : "application/json");
            call.sendResponseHeaders(200, 0);
            for (String piece : answers) {
                call.getResponseBody().write(piece.getBytes(UTF_8));
                call.getResponseBody().flush();
            }
            call.close();
        });
        engine.start();
        var routes = new RouteTable();
        var models = new One();
        var openAi = new OpenAiApi(models);
        openAi.addTo(routes);
        new OllamaApi(openAi, models).addTo(routes);
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
    void pictureByItsAddressIsRefused() throws Exception {
        var response = post(
                "/api/chat",
                "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"see\",\"images\":[\"http://a/b.png\"]}]}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("media_url_unsupported");
    }

    @Test
    void chatIsAStreamOfLinesUnlessAskedOtherwise() throws Exception {
        events(
                "{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}]}",
                "{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"},\"finish_reason\":null}]}",
                "{\"choices\":[{\"delta\":{\"content\":\"é\"},\"finish_reason\":null}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}",
                "{\"choices\":[]," + TIMINGS + "}");

        var response = post("/api/chat", ASK + "}");
        List<JsonNode> lines = lines(response);

        assertThat(response.headers().firstValue("content-type")).contains("application/x-ndjson");
        assertThat(heard.getFirst()).isEqualTo("/v1/chat/completions");
        assertThat(lines).hasSize(3);
        assertThat(lines).allMatch(line -> line.path("model").asText().equals("demo:latest"));
        assertThat(lines.get(0).at("/message/thinking").asText()).isEqualTo("hm");
        assertThat(lines.get(1).at("/message/content").asText()).isEqualTo("é");
        assertThat(lines.get(1).path("done").asBoolean()).isFalse();
        JsonNode last = lines.get(2);
        assertThat(last.path("done").asBoolean()).isTrue();
        assertThat(last.path("done_reason").asText()).isEqualTo("length");
        assertThat(last.path("prompt_eval_count").asInt()).isEqualTo(7);
        assertThat(last.path("prompt_eval_duration").asLong()).isEqualTo(1_500_000);
        assertThat(last.path("eval_count").asInt()).isEqualTo(2);
        assertThat(last.path("eval_duration").asLong()).isEqualTo(250_000);
        assertThat(last.path("total_duration").asLong()).isPositive();
    }

    @Test
    void callsOfToolsArriveWholeHoweverTheEngineCutsThem() throws Exception {
        events(
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]," + TIMINGS + "}");

        List<JsonNode> lines = lines(post("/api/chat", ASK + ",\"tools\":[{\"type\":\"function\"}]}"));

        assertThat(asked().at("/tools/0/type").asText()).isEqualTo("function");
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0).at("/message/tool_calls").toString())
                .isEqualTo("[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}},"
                        + "{\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":{}}}]");
        assertThat(lines.get(1).path("done_reason").asText()).isEqualTo("stop");
    }

    @Test
    void answerThatIsNoStreamIsOneObject() throws Exception {
        answers.add(
                "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"abc\",\"tool_calls\":[{\"id\":\"a\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}],\"usage\":{\"prompt_tokens\":5,"
                        + "\"completion_tokens\":3},");
        answers.add(TIMINGS + "}");

        var response = post("/api/chat", ASK + ",\"stream\":false}");
        JsonNode answer = JSON.readTree(response.body());

        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        assertThat(asked().path("stream").asBoolean()).isFalse();
        assertThat(answer.at("/message/content").asText()).isEqualTo("abc");
        assertThat(answer.at("/message/tool_calls/0/function/name").asText()).isEqualTo("f");
        assertThat(answer.path("done").asBoolean()).isTrue();
        assertThat(answer.path("prompt_eval_count").asInt()).isEqualTo(5);
        assertThat(answer.path("eval_count").asInt()).isEqualTo(3);
    }

    @Test
    void chatIsAskedInTheEnginesWords() throws Exception {
        events("{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}");
        String call = "{\"function\":{\"name\":\"%s\",\"arguments\":{\"a\":1}}}";

        post(
                "/api/chat",
                "{\"model\":\"demo\",\"messages\":["
                        + "{\"role\":\"user\",\"content\":\"see\",\"images\":[\"/9j/AA\",\"iVBORw\"]},"
                        + "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[" + call.formatted("f") + ","
                        + call.formatted("g") + "]},"
                        + "{\"role\":\"tool\",\"tool_name\":\"g\",\"content\":\"G\"},"
                        + "{\"role\":\"tool\",\"content\":\"F\"}],"
                        + "\"think\":\"high\",\"format\":{\"type\":\"object\"},\"keep_alive\":\"5m\","
                        + "\"options\":{\"num_predict\":7,\"top_k\":3,\"stop\":[\"x\"],\"num_ctx\":99,\"seed\":1}}");

        assertThat(asked().at("/messages/0/content").toString())
                .isEqualTo("[{\"type\":\"text\",\"text\":\"see\"},"
                        + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/jpeg;base64,/9j/AA\"}},"
                        + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,iVBORw\"}}]");
        assertThat(asked().at("/messages/1/tool_calls/0").toString())
                .isEqualTo("{\"id\":\"call_0\",\"type\":\"function\",\"function\":{\"name\":\"f\","
                        + "\"arguments\":\"{\\\"a\\\":1}\"}}");
        assertThat(asked().at("/messages/2/tool_call_id").asText()).isEqualTo("call_1");
        assertThat(asked().at("/messages/3/tool_call_id").asText()).isEqualTo("call_0");
        assertThat(asked().path("chat_template_kwargs").toString())
                .isEqualTo("{\"enable_thinking\":true,\"reasoning_effort\":\"high\"}");
        assertThat(asked().at("/response_format/json_schema/schema").toString()).isEqualTo("{\"type\":\"object\"}");
        assertThat(asked().path("max_tokens").asInt()).isEqualTo(7);
        assertThat(asked().path("top_k").asInt()).isEqualTo(3);
        assertThat(asked().path("stop").toString()).isEqualTo("[\"x\"]");
        assertThat(asked().path("seed").asInt()).isEqualTo(1);
        assertThat(asked().has("num_ctx")).isFalse();
        assertThat(asked().has("keep_alive")).isFalse();
    }

    @Test
    void promptIsAMessageUnlessItIsRawOrHasASuffix() throws Exception {
        events("{\"choices\":[{\"text\":\"mno\",\"finish_reason\":\"stop\"}]}");

        List<JsonNode> lines = lines(post("/api/generate", "{\"prompt\":\"p\",\"raw\":true}"));
        String raw = heard.get(0) + asked().path("prompt").asText();
        heard.clear();
        post("/api/generate", "{\"prompt\":\"p\",\"system\":\"s\",\"format\":\"json\",\"think\":false}");

        assertThat(raw).isEqualTo("/v1/completionsp");
        assertThat(lines.get(0).path("response").asText()).isEqualTo("mno");
        assertThat(heard.getFirst()).isEqualTo("/v1/chat/completions");
        assertThat(asked().path("messages").toString())
                .isEqualTo("[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"p\"}]");
        assertThat(asked().at("/response_format/type").asText()).isEqualTo("json_object");
        assertThat(asked().path("chat_template_kwargs").toString()).isEqualTo("{\"enable_thinking\":false}");

        heard.clear();
        answers.clear();
        answers.add("data: {\"content\":\"m\",\"stop\":false}\n\ndata: {\"content\":\"\",\"stop\":true,"
                + "\"stop_type\":\"limit\"," + TIMINGS + "}\n\n");
        lines = lines(post("/api/generate", "{\"prompt\":\"p\",\"suffix\":\"s\"}"));

        assertThat(heard.getFirst()).isEqualTo("/infill");
        assertThat(asked().path("input_suffix").asText()).isEqualTo("s");
        assertThat(lines.get(0).path("response").asText()).isEqualTo("m");
        assertThat(lines.get(1).path("done_reason").asText()).isEqualTo("length");
    }

    @Test
    void nothingAskedLoadsTheModelOrTellsWhyNot() throws Exception {
        JsonNode chat =
                lines(post("/api/chat", "{\"model\":\"demo\",\"messages\":[]}")).getFirst();
        JsonNode generate =
                JSON.readTree(post("/api/generate", "{\"model\":\"demo\",\"stream\":false,\"keep_alive\":0}")
                        .body());
        var unknown = post("/api/generate", "{\"model\":\"dem\"}");

        assertThat(chat.path("done_reason").asText()).isEqualTo("load");
        assertThat(generate.path("done_reason").asText()).isEqualTo("unload");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("did you mean demo?").contains("\"code\":\"model_not_found\"");
        assertThat(heard).isEmpty();
    }

    @Test
    void embeddingsPassThroughWhateverTheirNumberAndWhereverTheyAreCut() throws Exception {
        var random = new Random(7);
        var data = new StringBuilder("{\"model\":\"demo\",\"data\":[");
        var vectors = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            var vector = new StringBuilder("[");
            for (int j = 0; j < 50; j++) vector.append(j == 0 ? "" : ",").append(random.nextDouble() - 0.5);
            vector.append(']');
            data.append(i == 0 ? "" : ",")
                    .append("{\"index\":" + i + ",\"embedding\":")
                    .append(vector)
                    .append('}');
            vectors.append(i == 0 ? "" : ",").append(vector);
        }
        String text = data.append("],\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}")
                .toString();
        for (int at = 0; at < text.length(); ) {
            int to = Math.min(text.length(), at + 1 + random.nextInt(5_000));
            answers.add(text.substring(at, to));
            at = to;
        }

        String many = post("/api/embed", "{\"model\":\"demo\",\"input\":[\"a\",\"b\"]}")
                .body();

        assertThat(heard.getFirst()).isEqualTo("/v1/embeddings");
        assertThat(asked().path("input").toString()).isEqualTo("[\"a\",\"b\"]");
        assertThat(many).startsWith("{\"model\":\"demo\",\"embeddings\":[" + vectors + "],\"total_duration\":");
        assertThat(JSON.readTree(many).path("prompt_eval_count").asInt()).isEqualTo(9);
    }

    @Test
    void olderCallForOneEmbeddingAnswersWithItAlone() throws Exception {
        answers.add("{\"data\":[{\"embedding\":[1e-5,-2.5],\"index\":0}]}");

        var response = post("/api/embeddings", "{\"model\":\"demo\",\"prompt\":\"a\"}");

        assertThat(asked().path("input").asText()).isEqualTo("a");
        assertThat(response.body()).isEqualTo("{\"embedding\":[1e-5,-2.5]}");
    }

    @Test
    void errorOfTheEngineInAStreamIsItsLastLine() throws Exception {
        answers.add("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n");
        answers.add("data: {\"error\":{\"message\":\"context full\",\"type\":\"server_error\"}}\n\n");

        HttpResponse<java.util.stream.Stream<String>> response =
                client.send(request("/api/chat", ASK + "}"), HttpResponse.BodyHandlers.ofLines());
        var lines = new ArrayList<String>();
        try {
            response.body().forEach(lines::add);
        } catch (java.io.UncheckedIOException cut) {
            lines.add("cut");
        }

        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).isEqualTo("{\"error\":\"context full\",\"code\":\"server_error\"}");
        assertThat(lines.get(2)).isEqualTo("cut");
    }

    @Test
    void listsSayWhatTheMeshHas() throws Exception {
        JsonNode tags = JSON.readTree(get("/api/tags").body()).at("/models/0");
        JsonNode running = JSON.readTree(get("/api/ps").body()).at("/models/0");
        JsonNode shown =
                JSON.readTree(post("/api/show", "{\"model\":\"demo:latest\"}").body());

        assertThat(tags.path("name").asText()).isEqualTo("demo:latest");
        assertThat(tags.path("digest").asText()).hasSize(64);
        assertThat(tags.path("size").asLong()).isEqualTo(1_000);
        assertThat(running.path("context_length").asInt()).isEqualTo(4_096);
        assertThat(shown.path("capabilities").toString()).contains("completion");
        String architecture = shown.at("/model_info/general.architecture").asText();
        assertThat(shown.path("model_info")
                        .path(architecture + ".context_length")
                        .asInt())
                .isEqualTo(4_096);
        assertThat(JSON.readTree(get("/api/version").body()).path("version").asText())
                .matches("\\d+\\.\\d+\\.\\d+");
        assertThat(get("/").body()).isEqualTo("Ollama is running");
    }

    @Test
    void whatWouldChangeAStoreOfModelsIsRefusedWithAReason() throws Exception {
        var pulled = post("/api/pull", "{\"model\":\"demo\"}");

        assertThat(pulled.statusCode()).isEqualTo(200);
        assertThat(pulled.body()).contains("\"status\":\"success\"");
        assertThat(post("/api/pull", "{\"model\":\"other\"}").statusCode()).isEqualTo(404);
        for (String path : List.of("/api/create", "/api/copy", "/api/push", "/api/blobs/sha256:0")) {
            var refused = post(path, "{\"model\":\"demo\"}");
            assertThat(refused.statusCode()).as(path).isEqualTo(501);
            assertThat(refused.body()).contains("\"code\":\"not_supported\"");
        }
    }

    @Test
    void malformedRequestsSayWhatIsWrong() throws Exception {
        assertThat(post("/api/chat", "{\"messages\":7}").statusCode()).isEqualTo(404);
        assertThat(post("/api/chat", ASK + ",\"format\":\"xml\"}").body()).contains("\"code\":\"format_unknown\"");
        assertThat(post("/api/generate", "{\"prompt\":\"p\",\"template\":\"t\"}")
                        .body())
                .contains("\"code\":\"template_unsupported\"");
        assertThat(post("/api/embed", "{\"model\":\"demo\"}").body()).contains("\"code\":\"input_missing\"");
        assertThat(post("/api/chat", "{\"messages\":").body()).startsWith("{\"error\":\"the body must be one JSON");
        assertThat(post("/api/nothing", "{}").body())
                .contains("\"code\":\"unknown_url\"")
                .startsWith("{\"error\":\"");
    }

    private void events(String... data) {
        for (String one : data) answers.add("data: " + one + "\n\n");
        answers.add("data: [DONE]\n\n");
    }

    private JsonNode asked() throws Exception {
        return JSON.readTree(heard.get(1));
    }

    private static List<JsonNode> lines(HttpResponse<String> response) throws Exception {
        var lines = new ArrayList<JsonNode>();
        for (String line : response.body().split("\n")) lines.add(JSON.readTree(line));
        return lines;
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(request(path, body), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String path, String body) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    /** One ready model, at the engine of the test. */
    private final class One implements Models {
        @Override
        public List<Entry> list() {
            return List.of(new Entry("demo", State.READY, "", 4_096, 1_000, 1, "mesh", List.of("here")));
        }

        @Override
        public Answer find(Wish wish) {
            return obstacle(wish.model())
                    .orElseGet(() -> new Answer.Ready(Course.only(new TcpEngine(engine.getAddress(), ""))));
        }

        @Override
        public Optional<Answer> obstacle(String name) {
            return name.isEmpty() || name.equals("demo")
                    ? Optional.empty()
                    : Optional.of(new Answer.Unknown(List.of("demo")));
        }
    }
}
