package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten real daemons become one mesh through one invite; a death and a return are everywhere within three seconds. */
class TenNodesIT {
    private static final int NODES = 10;
    private static final int VICTIM = 4;

    /** What the README promises. */
    private static final Duration PROMISED = Duration.ofSeconds(3);

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void killedNodeIsGoneEverywhereAndBackEverywhereInTime() throws Exception {
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "");
        nodes.add(start(0, "--model", "demo-tiny", "--bin-dir", engine.toString()));
        String invite = nodes.getFirst().invite();
        // One after the other, for two cores that start nine JVMs at once show nothing but their own limits.
        for (int i = 1; i < NODES; i++) {
            nodes.add(start(i, "--join", invite));
            nodes.getLast().await("mesh.joined");
        }
        awaitWhole();
        nodes.getFirst().await("model.ready");

        Instant killed = Instant.now();
        nodes.get(VICTIM).handle().destroyForcibly();
        assertThat(lastToSay("peer.lost", killed)).isBetween(Duration.ZERO, PROMISED);

        nodes.get(VICTIM).close();
        RealNode again = start(VICTIM);
        nodes.set(VICTIM, again);
        Instant started = time(again.await("node.starting"));
        assertThat(lastToSay("peer.joined", started)).isBetween(Duration.ZERO, PROMISED);
        awaitWhole();

        assertThat(nodes.getFirst().events("model.loading")).hasSize(1);
        assertThat(nodes.getFirst().events("model.ready")).hasSize(1);
        assertThat(nodes.getFirst().events("model.stopped")).isEmpty();
    }

    /** How long after {@code since} the last of the others said this of the victim. */
    private Duration lastToSay(String event, Instant since) throws Exception {
        Duration last = Duration.ofSeconds(-1);
        for (int i = 0; i < NODES; i++) {
            if (i == VICTIM) continue;
            JsonNode said = nodes.get(i)
                    .await(
                            event,
                            e -> e.path("name").asText().equals(name(VICTIM))
                                    && time(e).isAfter(since.minusSeconds(1)));
            Duration after = Duration.between(since, time(said));
            if (after.compareTo(last) > 0) last = after;
        }
        return last;
    }

    private void awaitWhole() throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        for (RealNode node : nodes)
            while (Ask.get(node.management() + "/mesh/v1/peers").json().size() < NODES - 1) {
                assertThat(System.nanoTime()).as("whole mesh in time").isLessThan(deadline);
                TimeUnit.MILLISECONDS.sleep(50);
            }
    }

    private RealNode start(int number, String... more) throws Exception {
        var line = new ArrayList<>(List.of("--name", name(number), "--offline"));
        line.addAll(List.of(more));
        // Nodes without an engine are given no model, so the one model stays where it is.
        if (!line.contains("--bin-dir"))
            line.addAll(List.of(
                    "--bin-dir", Files.createDirectories(folder.resolve("none")).toString()));
        return RealNode.serve(folder.resolve(name(number)), Map.of(), line.toArray(String[]::new));
    }

    private static Instant time(JsonNode event) {
        return Instant.parse(event.path("time").asText());
    }

    private static String name(int number) {
        return "node-" + number;
    }
}
