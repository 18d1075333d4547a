package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One real daemon with real llama.cpp and the demo model, as a stranger meets it. */
class OneNodeIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    @TempDir
    static Path dataDir;

    static RealNode node;
    static String api;
    static Ask.Answer firstAnswer;

    @BeforeAll
    static void start() throws Exception {
        node = RealNode.serve(
                dataDir,
                Map.of(),
                "--model",
                "demo",
                "--bin-dir",
                RealEngine.orSkip().folder().toString());
        api = node.api();
        firstAnswer = Ask.chat(api, "demo");
        node.await("model.ready");
        node.await("node.ready");
    }

    @AfterAll
    static void stop() throws Exception {
        node.close();
        assertThat(Files.exists(dataDir.resolve("run/daemon.json"))).isFalse();
    }

    @Test
    void chatRecitesTheAlphabetAndStops() throws Exception {
        var answer = Ask.chat(api, "demo");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.content()).isEqualTo(ALPHABET);
        assertThat(answer.json().at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(answer.response().headers().firstValue("x-mesh-route")).contains("local");
        assertThat(answer.response().headers().firstValue("x-mesh-model")).contains("demo");
        assertThat(answer.response().headers().firstValue("x-request-id")).isPresent();
    }

    @Test
    void streamRecitesTheSameAndEndsWithDone() throws Exception {
        List<String> lines = Ask.streamed(api, "demo");

        assertThat(Ask.text(lines)).isEqualTo(ALPHABET);
        assertThat(lines.stream().filter(line -> !line.isBlank()).toList().getLast())
                .isEqualTo("data: [DONE]");
    }

    @Test
    void modelIsLoadingFromTheMomentThatThePortAnswers() {
        assertThat(firstAnswer.status()).as(firstAnswer.text()).isEqualTo(503);
        assertThat(firstAnswer.code()).isEqualTo("model_loading");
        assertThat(firstAnswer.response().headers().firstValue("retry-after")).isPresent();
    }

    @Test
    void modelsListTheDemo() throws Exception {
        var models = Ask.get(api + "/v1/models");

        assertThat(models.json().at("/data/0/id").asText()).isEqualTo("demo");
        assertThat(Ask.get(api + "/v1/models/demo").json().path("id").asText()).isEqualTo("demo");
    }

    @Test
    void unknownModelIsNeverAnotherModel() throws Exception {
        var answer = Ask.chat(api, "demon");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.code()).isEqualTo("model_not_found");
        assertThat(answer.json().at("/error/message").asText())
                .contains("demon")
                .contains("demo")
                .contains("/v1/models");
    }

    @Test
    void healthSaysWhatIsReady() throws Exception {
        assertThat(Ask.get(api + "/livez").status()).isEqualTo(200);
        assertThat(Ask.get(api + "/readyz").status()).isEqualTo(200);
        assertThat(Ask.get(api + "/health").text()).contains("demo");
    }

    @Test
    void statusShowsTheModelAndItsNumbers() throws Exception {
        var status = Ask.get(node.management() + "/mesh/v1/status").json();

        assertThat(status.at("/api/url").asText()).isEqualTo(api);
        assertThat(status.at("/models/0/name").asText()).isEqualTo("demo");
        assertThat(status.at("/models/0/state").asText()).isEqualTo("ready");
        assertThat(status.at("/models/0/ctx").asInt()).isPositive();
        assertThat(status.at("/memory/usableBytes").asLong()).isPositive();
    }

    @Test
    void onlyTheApisOwnRequestsAreCounted() throws Exception {
        long before = answered();

        Ask.chat(api, "demo");

        assertThat(answered()).isEqualTo(before + 1);
    }

    @Test
    void consolePageIsServedUnderAStrictPolicy() throws Exception {
        var page = Ask.get(node.management() + "/");

        assertThat(page.text()).contains("<title>mesh</title>");
        assertThat(page.response()
                        .headers()
                        .firstValue("content-security-policy")
                        .orElse(""))
                .contains("default-src 'none'", "img-src data:;");
        var script = Pattern.compile("src=\"([^\"]+\\.js)\"").matcher(page.text());
        assertThat(script.find()).as(page.text()).isTrue();
        assertThat(Ask.get(node.management() + "/" + script.group(1)).status()).isEqualTo(200);
    }

    @Test
    void modelCanBeLoadedAndDroppedWhileTheNodeRuns() throws Exception {
        String management = node.management() + "/mesh/v1/models";

        assertThat(Ask.post(management, "{\"model\":\"demo-tiny\"}")
                        .json()
                        .path("name")
                        .asText())
                .isEqualTo("demo-tiny");
        node.await("model.ready", e -> e.path("model").asText().equals("demo-tiny"));
        assertThat(Ask.chat(api, "demo-tiny").content()).isEqualTo(ALPHABET);

        assertThat(Ask.delete(management + "/demo-tiny").status()).isEqualTo(200);
        assertThat(Ask.chat(api, "demo-tiny").status()).isEqualTo(404);
        node.await("model.stopped", e -> e.path("model").asText().equals("demo-tiny"));
    }

    @Test
    void commandsFindTheNodeByItsDataDir() throws Exception {
        assertThat(run("status")).contains("demo").contains("ready").contains(api);
        assertThat(run("models")).contains("demo");
    }

    private static long answered() throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status")
                .json()
                .at("/requests/answered")
                .asLong();
    }

    private static String run(String command) throws Exception {
        try (var program = RealNode.start(Map.of("MESH_HOME", dataDir.toString()), List.of(command))) {
            assertThat(program.awaitExit()).as(program.said()).isZero();
            return program.said();
        }
    }
}
