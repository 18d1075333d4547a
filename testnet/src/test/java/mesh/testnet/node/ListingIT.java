package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real daemons that never saw an invite meet over a relay of ours, and a listing lives no longer than its mesh. */
class ListingIT {
    /** Short, so that a listing's whole life fits into a test: it lasts for three of these. */
    private static final int INTERVAL_SECONDS = 3;

    private static final int WAIT_SECONDS = 60;

    @TempDir
    Path folder;

    private EmbeddedRelay relay;

    @BeforeEach
    void openRelay() throws Exception {
        var rules = new EmbeddedRelay.Rules(Set.of(ListingEvent.KIND), Set.of());
        relay = EmbeddedRelay.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), rules);
    }

    @AfterEach
    void closeRelay() {
        relay.close();
    }

    @Test
    void strangersFindTheMeshByModelAndRegionAndAFullOneIsOffTheList() throws Exception {
        String engine = RealEngine.orSkip().folder().toString();
        try (var publisher = start(
                "publisher",
                "--model",
                "demo",
                "--bin-dir",
                engine,
                "--publish",
                "--mesh-name",
                "Sydney Lab",
                "--region",
                "AU",
                "--max-clients",
                "1")) {
            JsonNode listed =
                    awaitDiscovered("the demo", List.of("--model", "demo", "--region", "AU"), ListingIT::isOne);
            assertThat(listed.at("/meshes/0/name").asText()).isEqualTo("Sydney Lab");
            assertThat(discover("--region", "NZ").path("meshes")).isEmpty();

            try (var server = start("server", "--auto", "--region", "AU", "--bin-dir", engine)) {
                String mesh = server.await("mesh.joined").path("meshId").asText();
                assertThat(mesh).isEqualTo(listed.at("/meshes/0/id").asText());
                assertThat(role(server)).isEqualTo("serve");

                try (var client = start("client", "--discover", "sydney lab", "--client")) {
                    client.await("mesh.joined");
                    assertThat(role(client)).isEqualTo("client");
                    publisher.await(
                            "listing.withdrawn", e -> e.path("reason").asText().equals("full"));
                    assertThat(discover().path("meshes")).isEmpty();
                }
                awaitDiscovered("the mesh with room again", List.of(), ListingIT::isOne);
            }
        }
        assertThat(discover().path("meshes"))
                .as("taken off the list at the stop")
                .isEmpty();
    }

    @Test
    void memberTakesOverTheListingOfAKilledOneBeforeItEnds() throws Exception {
        try (var founder = start("founder", "--publish")) {
            JsonNode before = awaitDiscovered("the founder's listing", List.of(), ListingIT::isOne);
            String first = before.at("/meshes/0/publisher").asText();

            try (var heir = start("heir", "--publish", "--join", adminInvite(founder))) {
                heir.await("mesh.joined");
                founder.handle().destroyForcibly();

                JsonNode taken = awaitDiscovered(
                        "the heir's listing",
                        List.of(),
                        found -> isOne(found)
                                && !found.at("/meshes/0/publisher").asText().equals(first));
                assertThat(taken.at("/meshes/0/id")).isEqualTo(before.at("/meshes/0/id"));

                heir.handle().destroyForcibly();
                awaitDiscovered(
                        "nothing, once both have ended",
                        List.of(),
                        found -> found.path("meshes").isEmpty());
            }
        }
    }

    @Test
    void clientWithoutAMeshEndsWithTheReasonAndAServerFoundsOne() throws Exception {
        try (var client = start("client", "--auto", "--client");
                var server = start("server", "--auto")) {
            client.api();

            assertThat(client.awaitExit()).isEqualTo(1);
            assertThat(client.said()).contains("no mesh to join");
            server.await("mesh.founded");
            assertThat(discover().path("meshes"))
                    .as("nothing is said without --publish")
                    .isEmpty();
        }
    }

    private RealNode start(String name, String... more) throws Exception {
        var line = new ArrayList<>(List.of(
                "--name",
                name,
                "--nostr-relay",
                relay.url().toString(),
                "--publish-interval",
                Integer.toString(INTERVAL_SECONDS)));
        line.addAll(List.of(more));
        return RealNode.serve(folder.resolve(name), Map.of(), line.toArray(String[]::new));
    }

    private static String adminInvite(RealNode founder) throws Exception {
        founder.invite();
        var made = Ask.post(
                founder.management() + "/mesh/v1/invites", "{\"role\":\"admin\",\"uses\":1,\"expiresSeconds\":600}");
        return made.json().path("token").asText();
    }

    private static String role(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status")
                .json()
                .at("/node/role")
                .asText();
    }

    private static boolean isOne(JsonNode found) {
        return found.path("meshes").size() == 1;
    }

    private JsonNode awaitDiscovered(String what, List<String> wish, Predicate<JsonNode> wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        JsonNode found;
        do {
            found = discover(wish.toArray(String[]::new));
            if (wanted.test(found)) return found;
        } while (System.nanoTime() < deadline);
        throw new AssertionError("not discovered: " + what + "; last: " + found.toPrettyString());
    }

    /** What {@code mesh discover --json} prints. */
    private JsonNode discover(String... wish) throws Exception {
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-jar",
                RealNode.jar().toString(),
                "discover",
                "--json",
                "--nostr-relay",
                relay.url().toString(),
                "--data-dir",
                folder.resolve("seeker").toString()));
        line.addAll(List.of(wish));
        Path out = folder.resolve("discovered.json");
        Process seeker = new ProcessBuilder(line).redirectOutput(out.toFile()).start();
        assertThat(seeker.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return Ask.JSON.readTree(out.toFile());
    }
}
