package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mesh.testnet.node.RealNode;

/** A real daemon in a namespace, and what it says of its peers. One thread. */
final class WanNode implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final long LOOK_MILLIS = 50;

    private final RealNode node;
    private final Lab.Space space;
    private final String name;

    private WanNode(RealNode node, Lab.Space space, String name) {
        this.node = node;
        this.space = space;
        this.name = name;
    }

    static WanNode start(Lab.Space space, Path folder, String name, String... more) throws IOException {
        String[] line = line(folder, name, more);
        return new WanNode(RealNode.serveIn(space.prefix(), folder.resolve(name), Map.of(), line), space, name);
    }

    /** For benches. */
    static WanNode measured(Lab.Space space, Path folder, String name, String... more) throws IOException {
        String[] line = line(folder, name, more);
        return new WanNode(RealNode.measuredIn(space.prefix(), folder.resolve(name), line), space, name);
    }

    private static String[] line(Path folder, String name, String... more) throws IOException {
        var line = new ArrayList<>(List.of("--name", name, "--offline", "--bind-ip", "any"));
        line.addAll(List.of(more));
        // Nodes without an engine are given no model.
        if (!line.contains("--bin-dir"))
            line.addAll(List.of(
                    "--bin-dir", Files.createDirectories(folder.resolve("none")).toString()));
        return line.toArray(String[]::new);
    }

    RealNode node() {
        return node;
    }

    String name() {
        return name;
    }

    /** A command in its namespace, whose output can be read while it runs. */
    Process run(String... command) throws IOException {
        var line = new ArrayList<>(space.prefix());
        line.addAll(List.of(command));
        return new ProcessBuilder(line).redirectErrorStream(true).start();
    }

    /** The peers as the management API shows them; its port is on the namespace's loopback. */
    JsonNode peers() throws Exception {
        return status().path("peers");
    }

    private JsonNode status() throws Exception {
        var line = new ArrayList<>(space.prefix());
        line.addAll(List.of("curl", "-sS", "--max-time", "10", node.management() + "/mesh/v1/status"));
        return JSON.readTree(Lab.run(line.toArray(String[]::new)));
    }

    /** The whole id, once the node has read its key. */
    String id() throws Exception {
        node.await("endpoint.opened");
        return status().at("/node/id").asText();
    }

    /** Waits until the named peer is shown as wanted, and answers how long that took. */
    Duration await(String peer, Predicate<JsonNode> wanted) throws Exception {
        long begun = System.nanoTime();
        long deadline = begun + RealNode.PATIENCE.toNanos();
        while (true) {
            JsonNode peers = peers();
            for (JsonNode each : peers)
                if (each.path("name").asText().equals(peer) && wanted.test(each))
                    return Duration.ofNanos(System.nanoTime() - begun);
            assertThat(System.nanoTime())
                    .as("%s at %s in time; it shows %s and said %s", peer, name, peers, node.said())
                    .isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** Waits until it sees so many peers alive and no others. */
    void awaitPeers(int count) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            int alive = 0;
            JsonNode peers = peers();
            for (JsonNode each : peers) if (each.path("state").asText().equals("alive")) alive++;
            if (alive == count && peers.size() == count) return;
            assertThat(System.nanoTime())
                    .as("%s sees %s peers in time; it shows %s", name, count, peers)
                    .isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    static Predicate<JsonNode> by(String kind) {
        return peer -> peer.path("pathKind").asText().equals(kind)
                && peer.path("state").asText().equals("alive");
    }

    static Predicate<JsonNode> direct() {
        return peer -> peer.path("path").asText().equals("direct");
    }

    static Predicate<JsonNode> via(String relay) {
        return by("relayed").and(peer -> peer.path("via").asText().equals(relay));
    }

    @Override
    public void close() {
        node.close();
    }
}
