package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import mesh.testnet.bench.Launch;
import mesh.testnet.clients.NpmRelay;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real daemons that never saw an invite meet over two relays, one of ours and one that others wrote, and a listing lives
 * no longer than its mesh.
 */
class ListingIT {
    /** Short, so that a listing's whole life fits into a test: it lasts for three of these. */
    private static final int INTERVAL_SECONDS = 3;

    private static final int WAIT_SECONDS = 60;

    @TempDir
    Path folder;

    private EmbeddedRelay relay;
    private NpmRelay npm;

    @BeforeEach
    void openRelays() throws Exception {
        npm = NpmRelay.open(folder);
        var rules = new EmbeddedRelay.Rules(Set.of(ListingEvent.KIND), Set.of());
        relay = EmbeddedRelay.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), rules);
    }

    @AfterEach
    void closeRelays() throws Exception {
        relay.close();
        npm.close();
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
            assertThat(npm.tools("check").values())
                    .as("what an independent reader finds")
                    .singleElement()
                    .satisfies(event ->
                            assertThat(event.path("genuine").asBoolean()).isTrue());
            assertShown(publisher, listed);

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
                    assertThat(npm.tools("check").values())
                            .extracting(event -> event.path("content").asText())
                            .allMatch(String::isEmpty);
                }
                awaitDiscovered("the mesh with room again", List.of(), ListingIT::isOne);
            }
            assertSecretsAreNowhere(publisher, listed);
        }
        assertThat(discover().path("meshes"))
                .as("taken off the list at the stop")
                .isEmpty();
    }

    @Test
    void adminTakesOverTheListingOfAKilledOneBeforeItEndsAndNobodyElseDoes() throws Exception {
        try (var founder = start("founder", 2 * INTERVAL_SECONDS, "--publish")) {
            JsonNode before = awaitDiscovered("the founder's listing", List.of(), ListingIT::isOne);
            String first = before.at("/meshes/0/publisher").asText();

            try (var heir = start("heir", "--publish", "--join", adminInvite(founder));
                    var member = start("member", "--publish", "--join", founder.invite())) {
                heir.await("mesh.joined");
                member.await("listing.unable");
                founder.handle().destroyForcibly();
                Map<String, JsonNode> last = npm.tools("check");

                JsonNode taken = awaitDiscovered(
                        "the heir's listing",
                        List.of(),
                        found -> isOne(found)
                                && !found.at("/meshes/0/publisher").asText().equals(first));
                assertThat(taken.at("/meshes/0/id")).isEqualTo(before.at("/meshes/0/id"));
                long takenAt = Instant.parse(
                                heir.await("listing.published").path("time").asText())
                        .getEpochSecond();
                assertThat(last.values())
                        .as("the founder's listing, whose end was still to come")
                        .anySatisfy(event -> {
                            assertThat(event.path("author").asText()).isEqualTo(first);
                            assertThat(event.path("expiration").asLong()).isGreaterThan(takenAt);
                        });

                heir.handle().destroyForcibly();
                awaitDiscovered(
                        "nothing, once both have ended, though a member lives",
                        List.of(),
                        found -> found.path("meshes").isEmpty());
            }
        }
    }

    @Test
    void clientWithoutAMeshEndsWithTheReasonAndAServerAnswersUntilItFoundsOne() throws Exception {
        try (var deaf = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                var client = start("client", "--auto", "--client");
                var server = start("server", "--auto", "--nostr-relay", "ws://127.0.0.1:" + deaf.getLocalPort())) {
            assertThat(Ask.get(server.api() + "/livez").status()).isEqualTo(200);
            assertThat(server.events("discovery.done")).as("still looking").isEmpty();

            assertThat(client.awaitExit()).isEqualTo(1);
            assertThat(client.events("api.ready")).isNotEmpty();
            assertThat(client.said()).contains("no mesh to join");
            server.await("mesh.founded");
            assertThat(discover().path("meshes"))
                    .as("nothing is said without --publish")
                    .isEmpty();
        }
    }

    @Test
    void consoleAsksRelaysOnlyForThoseWhoMeanItAndNeverOffline() throws Exception {
        try (var offline = start("offline", "--offline")) {
            String discover = offline.management() + "/mesh/v1/discover";

            assertThat(Ask.get(discover).code()).isEqualTo("intent_missing");
            assertThat(Ask.getMeant(discover).status()).isEqualTo(403);
            assertThat(Ask.getMeant(discover).code()).isEqualTo("offline");
        }
    }

    @Test
    void twoThatStartAtOnceBecomeOneMeshAtTheLatestWhenOneIsStartedAgain() throws Exception {
        try (var one = start("one", "--auto", "--publish");
                var other = start("other", "--auto", "--publish")) {
            boolean areOne = foundNone(one) != foundNone(other);
            String mesh = listedMesh(one);

            if (areOne) assertThat(listedMesh(other)).isEqualTo(mesh);
            else {
                other.handle().destroy();
                other.awaitExit();
                try (var again = start("other", "--auto", "--publish")) {
                    again.await("mesh.joined");
                    assertThat(listedMesh(again)).isEqualTo(mesh);
                }
            }
        }
    }

    /** Whether it began a mesh of its own, once that is decided. */
    private static boolean foundNone(RealNode node) throws Exception {
        node.await("discovery.done");
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (node.events("mesh.founded").isEmpty()
                && node.events("mesh.joined").isEmpty()) {
            assertThat(System.nanoTime()).as("in time:\n%s", node.said()).isLessThan(deadline);
            Thread.sleep(50);
        }
        return !node.events("mesh.founded").isEmpty();
    }

    private static String listedMesh(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status")
                .json()
                .at("/mesh/id")
                .asText();
    }

    /** The publisher's own status, and what its console is told when it asks. */
    private void assertShown(RealNode publisher, JsonNode listed) throws Exception {
        JsonNode status = Ask.get(publisher.management() + "/mesh/v1/status").json();
        assertThat(status.at("/mesh/published").asBoolean()).isTrue();
        assertThat(status.at("/mesh/name").asText()).isEqualTo("Sydney Lab");
        assertThat(status.at("/listing/state").asText()).isEqualTo("listed");
        assertThat(status.at("/listing/relays"))
                .hasSize(2)
                .allSatisfy(one -> assertThat(one.path("said").asText()).isEqualTo("stored"));
        JsonNode invites = Ask.get(publisher.management() + "/mesh/v1/invites").json();
        assertThat(invites)
                .as("the one that was printed, none of the listing's")
                .hasSize(1);
        JsonNode seen = Ask.getMeant(publisher.management() + "/mesh/v1/discover?model=demo&region=au")
                .json();
        assertThat(seen.at("/meshes/0/id")).isEqualTo(listed.at("/meshes/0/id"));
    }

    private void assertSecretsAreNowhere(RealNode publisher, JsonNode listed) throws Exception {
        String secret = Files.readString(folder.resolve("publisher/identity/nostr.nsec"))
                .strip();
        String token = listed.at("/meshes/0/token").asText();
        var said = new StringBuilder(publisher.said());
        said.append(Ask.get(publisher.management() + "/mesh/v1/status").text());
        try (var logs = Files.walk(folder.resolve("publisher/log"))) {
            for (Path log : logs.filter(Files::isRegularFile).toList()) said.append(Files.readString(log));
        }
        assertThat(secret).startsWith("nsec1");
        assertThat(token).startsWith("mesh1.");
        assertThat(said.toString()).doesNotContain(secret, token);
    }

    private RealNode start(String name, String... more) throws Exception {
        return start(name, INTERVAL_SECONDS, more);
    }

    private RealNode start(String name, int intervalSeconds, String... more) throws Exception {
        var line = new ArrayList<>(List.of(
                "--name",
                name,
                "--nostr-relay",
                relay.url().toString(),
                "--nostr-relay",
                npm.url().toString(),
                "--publish-interval",
                Integer.toString(intervalSeconds)));
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
        List<String> line = Launch.command(RealNode.jar());
        line.addAll(List.of(
                "discover",
                "--json",
                "--nostr-relay",
                relay.url().toString(),
                "--nostr-relay",
                npm.url().toString(),
                "--data-dir",
                folder.resolve("seeker").toString()));
        line.addAll(List.of(wish));
        Path out = folder.resolve("discovered.json");
        Process seeker = new ProcessBuilder(line).redirectOutput(out.toFile()).start();
        assertThat(seeker.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return Ask.JSON.readTree(out.toFile());
    }
}
