package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any node's port serves every model of the mesh: real daemons, real llama.cpp behind one of them. */
class RoutingIT {
    private static final long CANCEL_NANOS_MAX = 5_000_000_000L;

    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    /** Two pictures of 8 by 8 pixels as PNG: dark red, and black and white squares. */
    private static final String DARK =
            "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGM4wcCAFWEXHbQSALvlMgGxhdU2AAAAAElFTkSuQmCC";

    private static final String LIGHT =
            "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGElEQVR4nGNgAIP/YIDJxiZBilpkQFM7AF1zX6EV6Jt9AAAAAElFTkSuQmCC";

    /** Tokens that a picture is made into. */
    private static final int PATCHES = 16;

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();
    private RealNode front;
    private RealNode host;

    @BeforeEach
    void startTwo() throws Exception {
        Path engine = RealEngine.orSkip().folder();
        front = start("front", "--bin-dir", empty());
        host = start("host", "--model", "demo", "--bin-dir", engine.toString(), "--join", front.invite());
        host.await("model.ready");
        awaitModel(front, "demo", "ready");
    }

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void requestAtANodeWithoutTheModelIsAnsweredByItsPeer() throws Exception {
        var answer = Ask.chat(front.api(), "demo");

        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        assertThat(answer.content()).contains(ALPHABET);
        assertThat(header(answer, "x-mesh-node")).isEqualTo("host");
        assertThat(header(answer, "x-mesh-route")).isEqualTo("peer");
        assertThat(header(answer, "x-mesh-model")).isEqualTo("demo");
        assertThat(header(answer, "x-mesh-why")).isEqualTo("only-host");
        assertThat(header(Ask.chat(host.api(), "demo"), "x-mesh-route")).isEqualTo("local");
    }

    @Test
    void streamThroughAPeerIsWholeAndItsCountsAreKept() throws Exception {
        List<String> lines = Ask.streamed(front.api(), "demo");

        assertThat(Ask.text(lines)).contains(ALPHABET);
        assertThat(lines).contains("data: [DONE]");
        JsonNode record =
                Ask.get(front.management() + "/mesh/v1/requests").json().path(0);
        assertThat(record.path("route").asText()).isEqualTo("peer");
        assertThat(record.path("node").asText()).isEqualTo("host");
        assertThat(record.path("answerTokens").asInt()).isPositive();
        assertThat(record.path("promptTokens").asInt()).isPositive();
        assertThat(record.at("/attempts/0/outcome").asText()).isEqualTo("answered");
        JsonNode atHost =
                Ask.get(host.management() + "/mesh/v1/requests").json().path(0);
        assertThat(atHost.path("id").asText()).isEqualTo(record.path("id").asText());
        assertThat(atHost.path("askedBy").asText()).hasSize(64);
        assertThat(Ask.get(front.api() + "/metrics").text())
                .contains("mesh_requests_answered_total{model=\"demo\",route=\"peer\"} ");
    }

    @Test
    void listIsTheMeshsAndNamesItsHosts() throws Exception {
        JsonNode model = Ask.get(front.api() + "/v1/models").json().at("/data/0");

        assertThat(model.path("id").asText()).isEqualTo("demo");
        assertThat(model.path("hosts")).extracting(JsonNode::asText).containsExactly("host");
        assertThat(model.path("owned_by").asText()).isEqualTo("host");
        assertThat(model.path("context_length").asInt()).isPositive();
    }

    @Test
    void choiceLeftToTheMeshSaysWhatItBecameAndHintsAreObeyed() throws Exception {
        assertThat(header(Ask.chat(front.api(), "auto"), "x-mesh-model")).isEqualTo("demo");
        assertThat(Ask.chat(front.api(), "demi").code()).isEqualTo("model_not_found");
        assertThat(Ask.chat(front.api(), "demi").text()).contains("demo");
        assertThat(Ask.chat(front.api(), "demo", "x-mesh-target", "host").status())
                .isEqualTo(200);
        assertThat(Ask.chat(front.api(), "demo", "x-mesh-target", "nobody").code())
                .isEqualTo("target_unknown");
        assertThat(Ask.chat(front.api(), "demo", "x-mesh-target", "front").code())
                .isEqualTo("not_at_target");
        assertThat(Ask.chat(front.api(), "demo", "x-mesh-exclude", "host").code())
                .isEqualTo("excluded");
    }

    @Test
    void pictureFindsTheModelThatSeesFromAnyNode() throws Exception {
        Ask.post(host.management() + "/mesh/v1/models", "{\"model\":\"demo-vision\"}");
        awaitModel(front, "demo-vision", "ready");

        var dark = Ask.post(front.api() + "/v1/chat/completions", picture("auto", DARK));
        var light = Ask.post(front.api() + "/v1/chat/completions", picture("demo-vision", LIGHT));
        var blind = Ask.post(front.api() + "/v1/chat/completions", picture("demo", DARK));

        assertThat(dark.status()).as(dark.text()).isEqualTo(200);
        assertThat(header(dark, "x-mesh-model")).isEqualTo("demo-vision");
        assertThat(header(dark, "x-mesh-node")).isEqualTo("host");
        assertThat(light.content()).as("another picture, another text").isNotEqualTo(dark.content());
        assertThat(blind.status()).isEqualTo(400);
        assertThat(blind.code()).isEqualTo("images_unsupported");
        assertThat(Ask.get(front.api() + "/v1/models").text()).contains("[\"chat\",\"vision\"]");
        String ollama = "{\"model\":\"demo-vision\",\"stream\":false,\"prompt\":\"What is this?\",\"images\":[\"" + DARK
                + "\"],\"options\":{\"temperature\":0,\"num_predict\":40}}";
        assertThat(Ask.post(front.api() + "/api/generate", ollama)
                        .json()
                        .path("prompt_eval_count")
                        .asInt())
                .isEqualTo(dark.json().at("/usage/prompt_tokens").asInt())
                .isGreaterThan(PATCHES);
    }

    private static String picture(String model, String png) {
        return "{\"model\":\"" + model
                + "\",\"temperature\":0,\"max_tokens\":40,\"messages\":[{\"role\":\"user\",\"content\":["
                + "{\"type\":\"text\",\"text\":\"What is this?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
                + "\"data:image/png;base64," + png + "\"}}]}]}";
    }

    @Test
    void callerThatLeavesStopsTheEngineTwoHopsAway() throws Exception {
        try (var wire = new java.net.Socket("127.0.0.1", port(front.api()))) {
            // Beyond the end of what it has to say, or a quick machine is done before the caller leaves.
            String body = Ask.question("demo", true)
                    .replace("\"stream\":true", "\"stream\":true,\"max_tokens\":4000,\"ignore_eos\":true");
            wire.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length()
                                    + "\r\n\r\n" + body)
                            .getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(wire.getInputStream().readNBytes(400)).isNotEmpty();
        }
        long left = System.nanoTime();

        JsonNode atHost =
                Ask.get(host.management() + "/mesh/v1/requests").json().path(0);
        while (!atHost.path("ending").asText().equals("client_gone")) {
            // A second where the machine is idle; an answer that is not cancelled ends whole, and this wait in vain.
            assertThat(System.nanoTime() - left).as("cancelled: %s", atHost).isLessThan(CANCEL_NANOS_MAX);
            TimeUnit.MILLISECONDS.sleep(10);
            atHost = Ask.get(host.management() + "/mesh/v1/requests").json().path(0);
        }
        assertThat(Ask.chat(front.api(), "demo").content()).contains(ALPHABET);
    }

    @Test
    void clientIsServedAlsoWhenTheNodeThatLetItInHasGone() throws Exception {
        RealNode client = start("client", "--client", "--bin-dir", empty(), "--join", front.invite());
        awaitModel(client, "demo", "ready");
        var first = Ask.chat(client.api(), "demo");
        front.handle().destroyForcibly();

        var second = Ask.chat(client.api(), "demo");

        assertThat(first.content()).contains(ALPHABET);
        assertThat(second.content()).contains(ALPHABET);
        assertThat(header(second, "x-mesh-node")).isEqualTo("host");
        assertThat(Ask.get(host.management() + "/mesh/v1/peers").json())
                .extracting(peer -> peer.path("name").asText())
                .doesNotContain("client");
        assertThat(folder.resolve("client/identity")).doesNotExist();
    }

    private static int port(String url) {
        return java.net.URI.create(url).getPort();
    }

    private RealNode start(String name, String... more) throws Exception {
        RealNode node = RealNode.offline(folder, name, more);
        nodes.add(node);
        return node;
    }

    /** A node without an engine is given no model by the mesh. */
    private String empty() throws Exception {
        return Files.createDirectories(folder.resolve("none")).toString();
    }

    static void awaitModel(RealNode node, String model, String state) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            JsonNode list = Ask.get(node.api() + "/v1/models").json().path("data");
            for (JsonNode entry : list)
                if (entry.path("id").asText().equals(model)
                        && entry.path("state").asText().equals(state)) return;
            assertThat(System.nanoTime()).as("model is " + state + ": " + list).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static String header(Ask.Answer answer, String name) {
        return answer.response().headers().firstValue(name).orElse("");
    }
}
