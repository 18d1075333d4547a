package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import mesh.daemon.engine.Engine;
import mesh.daemon.models.DemoModel;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.fake.FakeHub;
import mesh.testnet.fake.FakeHub.Asset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are not here: the real program fetches them from a hub on loopback, through kills and refusals. */
class DownloadIT {
    /** What is here is written down once a second, so that some runs leave more behind than they found, and some less. */
    private static final int MOMENTS_MILLIS = 1_800;

    private static final String SAID = "who/where-gguf/wanted.gguf";
    private static final String PATH = "/who/where-gguf/resolve/main/wanted.gguf";

    /** Chance of where a run is killed. */
    private static final long SEED = 20_260;

    private static final int KILLS = 20;

    @TempDir
    Path folder;

    private FakeHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = FakeHub.start();
    }

    @AfterEach
    void stop() throws IOException {
        hub.close();
    }

    @Test
    void nodeFetchesTheModelItLacksAndServesIt() throws Exception {
        Engine engine = RealEngine.orSkip();
        DemoModel demo = DemoModel.named("demo").orElseThrow();
        hub.serve(PATH, new Asset(demo).atBytesPerSecond(4 << 20));

        try (RealNode node = RealNode.serve(
                folder, hubIs(), "--model", SAID, "--bin-dir", engine.folder().toString())) {
            String api = node.api();
            node.await("download.started");
            Ask.Answer early = Ask.chat(api, "wanted");
            JsonNode shown =
                    Ask.get(node.management() + "/mesh/v1/status").json().at("/models/0");
            node.await("model.ready");
            Ask.Answer answer = Ask.chat(api, "wanted");

            assertThat(early.status()).isEqualTo(503);
            assertThat(early.code()).isEqualTo("model_loading");
            assertThat(early.json().at("/error/message").asText()).contains("downloading");
            assertThat(shown.path("state").asText()).isEqualTo("loading");
            assertThat(shown.path("reason").asText()).isEqualTo("downloading");
            assertThat(answer.content()).isEqualTo("abcdefghijklmnopqrstuvwxyz");
        }

        // The second time it is on disk, and nobody is asked.
        int asked = hub.asked().size();
        try (RealNode again = RealNode.serve(
                folder, hubIs(), "--model", SAID, "--bin-dir", engine.folder().toString())) {
            again.await("model.ready");
        }
        assertThat(hub.asked()).hasSize(asked);
    }

    @Test
    void downloadThatIsKilledTwentyTimesEndsInTheRightFile() throws Exception {
        DemoModel demo = DemoModel.named("demo").orElseThrow();
        hub.serve(PATH, new Asset(demo).atBytesPerSecond(512 << 10));
        var chance = new Random(SEED);
        long furthest = 0;

        for (int kill = 0; kill < KILLS; kill++) {
            int asked = hub.asked().size();
            RealNode run = download("--max-download", "100");
            // Killed before, while and after it asks; a run by itself takes about half a second to ask.
            if (chance.nextInt(4) > 0) awaitAsked(asked, run);
            Thread.sleep(chance.nextInt(MOMENTS_MILLIS)); // The moment is the chance that this test is about.
            run.kill();
            furthest = Math.max(furthest, fromOfLast());
        }
        hub.serve(PATH, new Asset(demo));
        RealNode last = download();

        assertThat(last.awaitExit()).as("seed %d: %s", SEED, last.said()).isZero();
        assertThat(last.said()).contains("wanted: downloaded");
        assertThat(furthest).as("later runs go on where earlier ones were").isPositive();
        assertSame(folder.resolve("models/wanted.gguf"), demo);
        assertThat(folder.resolve("models/wanted.gguf.part")).doesNotExist();
    }

    @Test
    void refusalsAreOneLineAndAnExitCode() throws Exception {
        RealNode missing = download();
        assertThat(missing.awaitExit()).isEqualTo(1);
        assertThat(missing.said()).contains("not_found").doesNotContain("Exception");

        RealNode offline = RealNode.start(
                Map.of("MESH_HUB_URL", hub.uri("").toString(), "MESH_OFFLINE", "true"),
                List.of("download", "--data-dir", folder.toString(), SAID));
        assertThat(offline.awaitExit()).isEqualTo(1);
        assertThat(offline.said()).contains("offline");
        assertThat(hub.asked()).hasSize(1);
    }

    @Test
    void modelThatFitsNowhereIsRefusedWithNumbersBeforeItIsFetched() throws Exception {
        DemoModel demo = DemoModel.named("demo").orElseThrow();
        hub.serve(PATH, new Asset(demo));
        Map<String, String> small = Map.of("MESH_HUB_URL", hub.uri("").toString(), "MESH_MAX_VRAM", "0.02");
        var line = List.of("download", "--data-dir", folder.toString(), SAID);

        RealNode refused = RealNode.start(small, line);
        int exit = refused.awaitExit();
        boolean isNothingHere = !Files.exists(folder.resolve("models/wanted.gguf.part"));
        RealNode anyway = RealNode.start(small, List.of("download", "--data-dir", folder.toString(), SAID, "--anyway"));

        assertThat(exit).as(refused.said()).isEqualTo(1);
        assertThat(refused.said()).containsPattern("too_large: wanted needs at least 0\\.\\d\\d GB, .* 0\\.02 GB");
        assertThat(isNothingHere).isTrue();
        assertThat(anyway.awaitExit()).as(anyway.said()).isZero();
        assertSame(folder.resolve("models/wanted.gguf"), demo);
    }

    @Test
    void scriptsHearEventsAsJson() throws Exception {
        DemoModel demo = DemoModel.named("demo-tiny").orElseThrow();
        hub.serve(PATH, new Asset(demo));

        RealNode run = download("--json");

        assertThat(run.awaitExit()).isZero();
        assertThat(run.await("download.done").path("path").asText()).endsWith("wanted.gguf");
        assertThat(run.events("download.progress"))
                .anyMatch(event -> event.path("doneBytes").asLong() == demo.size());
    }

    private Map<String, String> hubIs() {
        return Map.of("MESH_HUB_URL", hub.uri("").toString());
    }

    private RealNode download(String... more) throws IOException {
        var line = new ArrayList<String>(List.of("download", "--data-dir", folder.toString(), SAID));
        line.addAll(List.of(more));
        return RealNode.start(hubIs(), line);
    }

    private void awaitAsked(int before, RealNode run) throws InterruptedException {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (hub.asked().size() == before && run.handle().isAlive()) {
            assertThat(System.nanoTime()).as("asks the hub: %s", run.said()).isLessThan(deadline);
            Thread.sleep(5); // The hub's list can only be looked at.
        }
    }

    private long fromOfLast() {
        List<FakeHub.Asked> all = hub.asked();
        if (all.isEmpty()) return 0;
        return Long.parseLong(all.getLast().header("range").replaceAll("bytes=(\\d+)-.*", "$1"));
    }

    private static void assertSame(Path file, DemoModel demo) throws IOException {
        byte[] written = Files.readAllBytes(file);
        byte[] expected = new byte[(int) demo.size()];
        demo.read(0, expected.length).get(expected);
        assertThat(java.util.Arrays.equals(written, expected)).isTrue();
    }
}
