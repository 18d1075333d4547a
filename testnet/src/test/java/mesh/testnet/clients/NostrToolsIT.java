package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.nostr.Answered;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.Published;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our events and a relay and library that others wrote: each accepts, keeps and verifies what the other signs. */
class NostrToolsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int KIND = ListingEvent.KIND;

    private static final List<String> AWKWARD = List.of(
            "plain",
            "\"quotes\" \\ / and \b\t\n\f\r",
            "\u0000\u001b\u001f\u007f",
            "\u2028\u2029 \u00e9 \u6771\u4eac \ud83c\udf55",
            "lone \ud800 and \udfff");

    @TempDir
    static Path temp;

    private static Path client;

    @BeforeAll
    static void install() throws Exception {
        client = installed();
    }

    @Test
    void nostrToolsVerifiesWhatWeSignAlsoAfterTheRelaysRestart() throws Exception {
        Path file = temp.resolve("events.json");
        var key = NostrKey.fresh();
        var ids = new TreeMap<String, String>();
        try (var relay = new Relay("--db=" + file);
                var pool = pool(relay, key)) {
            for (String content : AWKWARD) {
                Event event = event(key, content, content, 0);
                ids.put(event.id(), content);
                assertThat(only(pool.publish(event, pool.relays())).isAccepted())
                        .isTrue();
            }
        }

        try (var again = new Relay("--db=" + file)) {
            Map<String, JsonNode> judged = tools("check", again);

            assertThat(judged.keySet()).isEqualTo(ids.keySet());
            assertThat(judged.values()).allMatch(each -> each.path("genuine").asBoolean());
            judged.forEach(
                    (id, each) -> assertThat(each.path("content").asText()).isEqualTo(ids.get(id)));
        }
    }

    @Test
    void weVerifyWhatNostrToolsSigns() throws Exception {
        try (var relay = new Relay();
                var pool = pool(relay, NostrKey.fresh())) {
            Map<String, JsonNode> written = tools("publish", relay);
            var read = new CopyOnWriteArrayList<Event>();

            Answered answer = only(pool.query(List.of(Filter.ofKind(KIND)), pool.relays(), from -> read::add));

            assertThat(answer.end()).isEqualTo(Answered.End.COMPLETE);
            assertThat(read).extracting(Event::id).containsExactlyInAnyOrderElementsOf(written.keySet());
            assertThat(read).allMatch(Event::isGenuine);
        }
    }

    @Test
    void relayKeepsTheNewestAndForgetsWhatWeDelete() throws Exception {
        var key = NostrKey.fresh();
        try (var relay = new Relay();
                var pool = pool(relay, key)) {
            Event old = event(key, "a", "old", 10);
            Event newer = event(key, "a", "new", 0);
            pool.publish(newer, pool.relays());

            Published late = only(pool.publish(old, pool.relays()));

            assertThat(late.isAccepted()).as("%s", late).isTrue();
            assertThat(tools("check", relay).keySet()).containsExactly(newer.id());
            Event deletion = key.sign(new Event.Draft(
                    newer.createdAt(),
                    Event.DELETION,
                    List.of(List.of("a", newer.address()), List.of("e", newer.id())),
                    ""));
            pool.publish(deletion, pool.relays());
            assertThat(tools("check", relay)).isEmpty();
        }
    }

    @Test
    void relayThatWantsToKnowUsIsShownOurKey() throws Exception {
        var key = NostrKey.fresh();
        try (var relay = new Relay("--auth");
                var pool = pool(relay, key)) {
            assertThat(only(pool.publish(event(key, "a", "hello", 0), pool.relays()))
                            .isAccepted())
                    .isTrue();
        }
    }

    @Test
    void listingOfARealDaemonIsGenuineAndGoneAfterItsStop() throws Exception {
        try (var relay = new Relay()) {
            try (var node = RealNode.serve(
                    temp.resolve("node"),
                    Map.of(),
                    "--publish",
                    "--mesh-name",
                    "Sydney Lab",
                    "--publish-interval",
                    "5",
                    "--nostr-relay",
                    relay.url().toString())) {
                String mesh = node.await("listing.published").path("meshId").asText();

                JsonNode listed = tools("check", relay).values().iterator().next();

                assertThat(listed.path("genuine").asBoolean()).isTrue();
                JsonNode content = JSON.readTree(listed.path("content").asText());
                assertThat(content.path("mesh_id").asText()).isEqualTo(mesh);
                assertThat(content.path("name").asText()).isEqualTo("Sydney Lab");
            }
            assertThat(tools("check", relay).values())
                    .extracting(each -> each.path("content").asText())
                    .allMatch(String::isEmpty);
        }
    }

    private static Event event(NostrKey key, String name, String content, long ago) {
        long now = System.currentTimeMillis() / 1_000;
        var tags = List.of(List.of("d", name), List.of("expiration", Long.toString(now + 600)));
        return key.sign(new Event.Draft(now - ago, KIND, tags, content));
    }

    private static <T> T only(Map<URI, T> answers) {
        return answers.values().iterator().next();
    }

    private static RelayPool pool(Relay relay, NostrKey key) {
        return new RelayPool(List.of(relay.url()), key, RelayTiming.DEFAULT);
    }

    /** What nostr-tools says, by event id. */
    private static Map<String, JsonNode> tools(String verb, Relay relay) throws Exception {
        Path out = Files.createTempFile(temp, verb, ".jsonl");
        assertThat(finish(List.of(node(), "tools.mjs", verb, relay.url().toString(), Integer.toString(KIND)), out))
                .as(() -> read(out))
                .isZero();
        var said = new TreeMap<String, JsonNode>();
        for (String line : Files.readAllLines(out)) {
            JsonNode each = JSON.readTree(line);
            said.put(each.path("id").asText(), each);
        }
        return said;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException gone) {
            return gone.toString();
        }
    }

    /** The npm relay in a process of its own, which ends when its standard input does. */
    private static final class Relay implements AutoCloseable {
        private final Process process;
        private final URI url;

        Relay(String... flags) throws IOException {
            var line = new ArrayList<>(List.of(node(), "relay.mjs"));
            line.addAll(List.of(flags));
            process = new ProcessBuilder(line)
                    .directory(client.toFile())
                    .redirectError(temp.resolve("relay.log").toFile())
                    .start();
            BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
            String ready = out.readLine();
            if (ready == null) throw new IOException("the relay ended: " + read(temp.resolve("relay.log")));
            url = URI.create(
                    "ws://127.0.0.1:" + JSON.readTree(ready).path("port").asInt());
        }

        URI url() {
            return url;
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            if (process.onExit().completeOnTimeout(null, 10, TimeUnit.SECONDS).join() == null)
                process.destroyForcibly().onExit().join();
        }
    }

    private static String node() {
        return client.resolve("node_modules/.bin/node").toString();
    }

    /** The packages beside their scripts, installed once per checkout. */
    private static Path installed() throws Exception {
        Path source = Path.of("clients", "nostr");
        Path folder =
                Files.createDirectories(Path.of("target", "clients", "nostr").toAbsolutePath());
        for (String name : List.of("package.json", ".npmrc", "relay.mjs", "tools.mjs"))
            Files.copy(source.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        client = folder;
        if (Files.exists(folder.resolve("node_modules/.bin/node"))) return folder;
        Path log = folder.resolve("install.log");
        try {
            if (finish(List.of("npm", "install"), log) != 0)
                throw RealEngine.missing("npm install failed: " + Files.readString(log));
        } catch (IOException noNpm) {
            throw RealEngine.missing("npm does not start: " + noNpm.getMessage());
        }
        return folder;
    }

    private static int finish(List<String> command, Path out) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(client.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS))
                    .as("%s ends", command)
                    .isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
