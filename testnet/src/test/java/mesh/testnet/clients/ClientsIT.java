package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The libraries people use, against a real llama-server directly and through real daemons: equal results, but for what
 * only one of them has. The last check of each kills the engine in the middle of a stream.
 */
class ClientsIT {
    private static final String DEATH = "death";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    /** An engine knows one model only, queues without end, gives requests no id, and lists models in OpenAI's way. */
    private static final List<String> MESH_ONLY = List.of(
            "models.retrieve",
            "models.unknown",
            "chat.unknownModel",
            "requestId",
            "unknownModel",
            "models",
            "busy",
            "unready");

    /** A daemon on loopback asks nobody for a key. */
    private static final List<String> ENGINE_ONLY = List.of("wrongKey");

    @TempDir
    static Path temp;

    private static final List<SetUp> setUps = new ArrayList<>();
    private static NodePackages packages;

    @BeforeAll
    static void start() throws Exception {
        Path engine = RealEngine.orSkip().folder();
        packages = new NodePackages();
        setUps.add(new Engines(engine, temp.resolve("engines")));
        setUps.add(Daemons.local(engine, temp));
        setUps.add(Daemons.peer(engine, temp));
    }

    @AfterAll
    static void stop() throws Exception {
        for (SetUp setUp : setUps) setUp.close();
    }

    @Test
    void openAiForNode() throws Exception {
        assertEqualResults(script("openai"), setUps);
    }

    @Test
    void anthropicForNode() throws Exception {
        assertEqualResults(script("anthropic"), setUps);
    }

    @Test
    void ollamaForNode() throws Exception {
        assertEqualResults(
                script("ollama"), setUps.stream().filter(SetUp::isMesh).toList());
    }

    @Test
    void aiForNode() throws Exception {
        assertEqualResults(script("ai"), setUps);
    }

    @Test
    void openAiForJava() throws Exception {
        assertEqualResults(library(OpenAiJava::checks), setUps);
    }

    @Test
    void anthropicForJava() throws Exception {
        assertEqualResults(library(AnthropicJava::checks), setUps);
    }

    @Test
    void langChainForJava() throws Exception {
        assertEqualResults(library(LangChain::checks), setUps);
    }

    /** What a library makes of a set-up, check by check. */
    private interface Suite {
        Map<String, String> run(SetUp setUp, List<String> skip) throws Exception;
    }

    private static Suite script(String name) {
        return (setUp, skip) -> {
            Map<String, String> results = packages.run(name, setUp, skip, "");
            results.putAll(packages.run(name, setUp, List.of(), DEATH));
            return results;
        };
    }

    private static Suite library(Function<SetUp, Checks> checks) {
        return (setUp, skip) -> checks.apply(setUp).run(skip);
    }

    private static void assertEqualResults(Suite suite, List<SetUp> reached) throws Exception {
        var passedByMesh = new TreeSet<String>();
        var passedByEngine = new TreeSet<String>();
        for (SetUp setUp : reached) {
            awaitAnswers(setUp);
            Map<String, String> results = suite.run(setUp, setUp.isMesh() ? ENGINE_ONLY : MESH_ONLY);
            assertThat(results.values()).as("%s: %s", setUp.name(), results).containsOnly(Checks.OK);
            if (setUp.isMesh() && !passedByMesh.isEmpty())
                assertThat(results.keySet()).as(setUp.name()).isEqualTo(passedByMesh);
            (setUp.isMesh() ? passedByMesh : passedByEngine).addAll(results.keySet());
        }
        assertThat(passedByMesh).contains(DEATH).containsAll(without(passedByEngine, ENGINE_ONLY));
    }

    private static List<String> without(Set<String> names, List<String> taken) {
        return names.stream().filter(name -> !taken.contains(name)).toList();
    }

    /** Every model answers, again after the last death. */
    private static void awaitAnswers(SetUp setUp) throws Exception {
        setUp.repair();
        String question = "{\"model\":\"%s\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
        awaitOk(setUp, setUp.root() + "/v1/chat/completions", question.formatted(SetUp.RECITES));
        awaitOk(setUp, setUp.endlessRoot() + "/v1/chat/completions", question.formatted(SetUp.ENDLESS));
        awaitOk(setUp, setUp.embedRoot() + "/v1/embeddings", "{\"model\":\"" + SetUp.EMBEDS + "\",\"input\":\"a\"}");
    }

    private static void awaitOk(SetUp setUp, String url, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url))
                .header("content-type", "application/json")
                .header("authorization", "Bearer " + setUp.key())
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .timeout(PATIENCE)
                .build();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String last = "";
        while (System.nanoTime() < deadline) {
            try {
                HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) return;
                last = answer.body();
            } catch (IOException notYet) {
                last = notYet.toString();
            }
            Thread.sleep(50);
        }
        throw new AssertionError(setUp.name() + " does not answer at " + url + ": " + last);
    }
}
