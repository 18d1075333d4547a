package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models split over real daemons with real llama.cpp. The cycle models say the same on every machine, so their text is
 * asserted; the random ones babble, and a damaged number changes the babble, so theirs is compared with solo's.
 */
class SplitIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    /** What the matrix promises for the way back after a worker's death. */
    private static final Duration PROMISED = Duration.ofSeconds(5);

    /** The large demo needs 0.40 GB at the least. */
    private static final String TOO_LITTLE_GB = "0.35";

    private static final long MODEL_BYTES = 284_302_496;

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    /** Matrix row 4. */
    @Test
    void modelTooBigForEachWaitsWithNumbersThenRunsSplitAndWaitsAgainWhenTheOtherDies() throws Exception {
        RealNode first = start("first", "--model", "demo-large", "--max-vram", TOO_LITTLE_GB);
        awaitDetail(first, "need 0\\.\\d+ GB, have 0\\.35 GB.*");
        assertThat(Ask.chat(first.api(), "demo-large").status()).isEqualTo(503);
        assertThat(first.events("child.started")).isEmpty();

        RealNode second = join("second", "--model", "demo-large", "--max-vram", TOO_LITTLE_GB);
        RealNode host = hostOf(first, second);
        RealNode worker = host == first ? second : first;
        JsonNode ready = host.await("model.ready");

        var answer = Ask.chat(host.api(), "demo-large");
        assertThat(answer.content()).isEqualTo(ALPHABET);
        assertThat(answer.response().headers().firstValue("x-mesh-route")).contains("split");
        assertThat(ready.path("workers")).hasSize(1);
        assertThat(shares(ready)).hasSize(2).allMatch(share -> share >= 1);
        assertThat(host.events("child.started")).hasSize(1);
        assertThat(worker.events("child.started")).hasSize(1);
        JsonNode explained =
                Ask.get(host.management() + "/mesh/v1/explain/demo-large").json();
        assertThat(explained.at("/outcome/kind").asText()).isEqualTo("split");
        assertThat(explained.at("/outcome/tensorSplit")).isEqualTo(ready.path("tensorSplit"));
        assertThat(explained.at("/prediction/hopMicros")).hasSize(1);
        // Both have the file, so what goes over the link is names and shapes.
        JsonNode loaded = host.await("split.loaded");
        assertThat(loaded.path("sentBytes").asLong()).isLessThan(MODEL_BYTES / 100);
        assertThat(loaded.path("savedBytes").asLong()).isGreaterThan(MODEL_BYTES / 4);
        assertThat(model(host).at("/workers/0/name").asText()).isEqualTo(host == first ? "second" : "first");

        Instant killed = Instant.now();
        List<ProcessHandle> children = worker.descendants();
        worker.handle().destroyForcibly();
        awaitDetail(host, "need 0\\.\\d+ GB, have 0\\.35 GB.*");
        awaitNoChildren(host);

        assertThat(Duration.between(killed, Instant.now())).isLessThan(PROMISED);
        awaitGone(children);
    }

    /** Matrix rows 3, 13 and 14. */
    @Test
    void forcedSplitFollowsMemoryStartsOncePerOutcomeAndGoesBackToSolo() throws Exception {
        RealNode host = start("host", "--model", "demo-random", "--split", "--max-vram", "2");
        assertThat(host.await("model.ready").path("mode").asText()).isEqualTo("solo");
        String solo = babble(host);

        RealNode worker = join("worker", "--model", "demo-random", "--split", "--max-vram", "1", "--ephemeral");
        JsonNode split =
                host.await("model.ready", ready -> ready.path("mode").asText().equals("split"));

        assertThat(babble(host)).isEqualTo(solo);
        // The worker's first layer begins with a sum, of which the host sends no more than that.
        assertThat(host.await("rpc.folded").path("first").asText()).contains("ffn_out");
        assertThat(shares(split)).containsExactly(6, 3);
        assertThat(mode(worker)).isEqualTo("worker");
        assertThat(host.events("child.started")).hasSameSizeAs(parts(host));

        Instant killed = Instant.now();
        List<ProcessHandle> children = worker.descendants();
        worker.handle().destroyForcibly();
        host.await("model.ready", ready -> at(ready).isAfter(killed));

        assertThat(Duration.between(killed, Instant.now())).isLessThan(PROMISED);
        assertThat(babble(host)).isEqualTo(solo);
        assertThat(host.events("child.started")).hasSameSizeAs(parts(host));
        awaitGone(children);
    }

    @Test
    void threeNodesCutByTheOperatorsRatiosAnswerFourAtOnceAsOneDoesAndWithADraft() throws Exception {
        String[] parallel = {"--model", "demo", "--parallel", "4", "--ctx-size", "512"};
        RealNode host = start(
                "host",
                with(
                        parallel,
                        "--split",
                        "--tensor-split",
                        "4,3,2",
                        "--max-vram",
                        "3",
                        "--device",
                        "none",
                        "--draft",
                        "demo-tiny"));
        join("left", with(parallel, "--max-vram", "1", "--device", "none"));
        join("right", with(parallel, "--max-vram", "1"));

        JsonNode split = host.await("model.ready", ready -> shares(ready).size() == 3);

        assertThat(shares(split)).containsExactly(4, 3, 2);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            String api = host.api();
            List<Callable<String>> asks = new ArrayList<>();
            for (int i = 0; i < 4; i++) asks.add(() -> Ask.text(Ask.streamed(api, "demo")));
            for (Future<String> text : callers.invokeAll(asks))
                assertThat(text.get()).isEqualTo(ALPHABET);
        }
        JsonNode timings = Ask.chat(host.api(), "demo").json().path("timings");
        assertThat(timings.path("draft_n_accepted").asInt())
                .as(timings.toString())
                .isGreaterThan(8);
        reciteUntilTheWorkersBringEachOtherPrompts(host);
    }

    @Test
    void randomModelBabblesOverThreeWorkersAsItDoesAlone() throws Exception {
        String[] model = {"--model", "demo-random", "--max-vram"};
        RealNode host = start("host", with(model, "3", "--split", "--tensor-split", "3,2,2,2"));
        assertThat(host.await("model.ready").path("mode").asText()).isEqualTo("solo");
        String solo = babble(host);
        for (String worker : List.of("left", "middle", "right")) join(worker, with(model, "1"));

        JsonNode split = host.await("model.ready", ready -> shares(ready).size() == 4);

        assertThat(shares(split)).containsExactly(3, 2, 2, 2);
        assertThat(babble(host)).isEqualTo(solo);
    }

    /** Prompts of which llama-server hands more than a packet from one worker to the other, each a new one. */
    private static void reciteUntilTheWorkersBringEachOtherPrompts(RealNode host) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        long direct = 0;
        for (int i = 0; direct == 0; i++) {
            assertThat(System.nanoTime()).as(host.said()).isLessThan(deadline);
            String prompt = ALPHABET.charAt(i % 26) + ALPHABET.repeat(3) + "abcdefghijklm";
            String body = "{\"model\":\"demo\",\"prompt\":\"" + prompt + "\",\"max_tokens\":40,\"temperature\":0}";
            JsonNode answer = Ask.post(host.api() + "/v1/completions", body).json();
            assertThat(answer.at("/choices/0/text").asText())
                    .as(answer.toString())
                    .startsWith("nopqrstuvwxyz");
            for (JsonNode worker : model(host).path("workers"))
                direct += worker.path("directBytes").asLong();
        }
    }

    private RealNode start(String name, String... more) throws Exception {
        String engine = RealEngine.orSkip().folder().toString();
        String[] line = with(more, "--name", name, "--offline", "--bin-dir", engine, "--log-level", "debug");
        RealNode node = RealNode.serve(folder.resolve(name), Map.of(), line);
        nodes.add(node);
        return node;
    }

    private RealNode join(String name, String... more) throws Exception {
        return start(name, with(more, "--join", nodes.getFirst().invite()));
    }

    private static String[] with(String[] words, String... more) {
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static List<Integer> shares(JsonNode ready) {
        var shares = new ArrayList<Integer>();
        ready.path("tensorSplit").forEach(share -> shares.add(share.asInt()));
        return shares;
    }

    /** What elections gave this node to run, one after the other; each is to be started exactly once. */
    private static List<String> parts(RealNode node) {
        var parts = new ArrayList<String>();
        for (JsonNode decided : node.events("election.decided")) {
            String outcome = decided.path("outcome").asText();
            String part = outcome.startsWith("Solo") ? "Solo" : outcome.replaceFirst(", alone=.*", "");
            if (!outcome.startsWith("Waiting")
                    && (parts.isEmpty() || !parts.getLast().equals(part))) parts.add(part);
        }
        return parts;
    }

    private static Instant at(JsonNode event) {
        return Instant.parse(event.path("time").asText());
    }

    private static JsonNode model(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status").json().at("/models/0");
    }

    private static String mode(RealNode node) throws Exception {
        return model(node).path("mode").asText();
    }

    private static String babble(RealNode node) throws Exception {
        String body = "{\"model\":\"demo-random\",\"prompt\":\"once upon\",\"max_tokens\":64,\"temperature\":0}";
        return Ask.post(node.api() + "/v1/completions", body)
                .json()
                .at("/choices/0/text")
                .asText();
    }

    private static RealNode hostOf(RealNode one, RealNode other) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            if (mode(one).equals("worker")) return other;
            if (mode(other).equals("worker")) return one;
            Thread.sleep(50);
        }
        throw new AssertionError("nobody lends:\n" + one.said() + other.said());
    }

    private static void awaitDetail(RealNode node, String pattern) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (!model(node).path("detail").asText().matches(pattern)) {
            assertThat(System.nanoTime()).as(node.said()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static void awaitNoChildren(RealNode node) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (!node.descendants().isEmpty() && System.nanoTime() < deadline) Thread.sleep(20);
        assertThat(node.descendants()).isEmpty();
    }

    private static void awaitGone(List<ProcessHandle> children) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (children.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < deadline) Thread.sleep(20);
        assertThat(children).isNotEmpty().noneMatch(ProcessHandle::isAlive);
    }
}
