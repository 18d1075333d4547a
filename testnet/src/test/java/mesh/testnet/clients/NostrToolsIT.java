package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.nostr.Answered;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.Published;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our events and a relay and library that others wrote: each accepts, keeps and verifies what the other signs. */
class NostrToolsIT {
    private static final int KIND = ListingEvent.KIND;

    private static final List<String> AWKWARD = List.of(
            "plain",
            "\"quotes\" \\ / and \b\t\n\f\r",
            "\u0000\u001b\u001f\u007f",
            "\u2028\u2029 \u00e9 \u6771\u4eac \ud83c\udf55",
            "lone \ud800 and \udfff");

    @TempDir
    static Path temp;

    @Test
    void nostrToolsVerifiesWhatWeSignAlsoAfterTheRelaysRestart() throws Exception {
        Path file = temp.resolve("events.json");
        var key = NostrKey.fresh();
        var ids = new TreeMap<String, String>();
        try (var relay = NpmRelay.open(temp, "--db=" + file);
                var pool = pool(relay, key)) {
            for (String content : AWKWARD) {
                Event event = event(key, content, content, 0);
                ids.put(event.id(), content);
                assertThat(only(pool.publish(event, pool.relays())).isAccepted())
                        .isTrue();
            }
        }

        try (var again = NpmRelay.open(temp, "--db=" + file)) {
            Map<String, JsonNode> judged = again.tools("check");

            assertThat(judged.keySet()).isEqualTo(ids.keySet());
            assertThat(judged.values()).allMatch(each -> each.path("genuine").asBoolean());
            judged.forEach(
                    (id, each) -> assertThat(each.path("content").asText()).isEqualTo(ids.get(id)));
        }
    }

    @Test
    void weVerifyWhatNostrToolsSigns() throws Exception {
        try (var relay = NpmRelay.open(temp);
                var pool = pool(relay, NostrKey.fresh())) {
            Map<String, JsonNode> written = relay.tools("publish");
            var read = new CopyOnWriteArrayList<Event>();

            Answered answer = only(pool.query(List.of(Filter.ofKind(KIND)), pool.relays(), from -> read::add));

            assertThat(answer.end()).isEqualTo(Answered.End.COMPLETE);
            assertThat(read).extracting(Event::id).containsExactlyInAnyOrderElementsOf(written.keySet());
            assertThat(read).allMatch(Event::isGenuine);
        }
    }

    @Test
    void aThousandRandomEventsAndTextsHoldOnBothSides() throws Exception {
        var random = new Random(340);
        var ours = new ArrayList<NostrKey>();
        var lines = new ArrayList<String>();
        var texts = new ArrayList<String>();
        for (int i = 0; i < 1_000; i++) {
            NostrKey key = NostrKey.fresh();
            byte[] theirs = new byte[32];
            random.nextBytes(theirs);
            String text = text(random);
            Event event = event(key, text, text, 0);
            ours.add(key);
            texts.add(text);
            ObjectNode line = NpmRelay.JSON
                    .createObjectNode()
                    .put("secret", HexFormat.of().formatHex(theirs))
                    .put("sealed", key.seal(NostrKey.of(theirs).author(), whole(text)));
            lines.add(NpmRelay.JSON.writeValueAsString(line.set("event", json(event))));
        }
        Path file = Files.write(temp.resolve("thousand.jsonl"), lines);

        List<JsonNode> theirs = NpmRelay.crossed(temp, file);

        assertThat(theirs).hasSize(1_000);
        for (int i = 0; i < theirs.size(); i++) {
            JsonNode said = theirs.get(i);
            String text = texts.get(i);
            NostrKey key = ours.get(i);
            String author = said.at("/event/pubkey").asText();
            assertThat(said.path("genuine").asBoolean()).as(text).isTrue();
            assertThat(said.path("npub").asText()).isEqualTo(key.npub());
            assertThat(said.path("opened").asText()).isEqualTo(whole(text));
            assertThat(read(said.path("event")).isGenuine()).as(text).isTrue();
            assertThat(key.open(author, List.of(said.path("sealed").asText()))).contains(whole(text));
        }
    }

    /** Of every kind of character, those on which writers of JSON differ above all. */
    private static String text(Random random) {
        var text = new StringBuilder();
        for (int left = 1 + random.nextInt(40); left > 0; left--)
            switch (random.nextInt(6)) {
                case 0 -> text.append((char) random.nextInt(0x20));
                case 1 -> text.append("\"\\/\u007f\u2028\u2029<&".charAt(random.nextInt(8)));
                case 2 -> text.append((char) (0xd800 + random.nextInt(0x800)));
                case 3 -> text.appendCodePoint(0x1f300 + random.nextInt(0x200));
                case 4 -> text.append((char) (0xa0 + random.nextInt(0x3000)));
                default -> text.append((char) (0x20 + random.nextInt(0x5f)));
            }
        return text.toString();
    }

    /** Sealed texts are bytes, in which halves of characters have no form. */
    private static String whole(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static ObjectNode json(Event event) {
        ObjectNode json = NpmRelay.JSON
                .createObjectNode()
                .put("id", event.id())
                .put("pubkey", event.author())
                .put("created_at", event.createdAt())
                .put("kind", event.kind())
                .put("content", event.content())
                .put("sig", event.signature());
        return json.set("tags", NpmRelay.JSON.valueToTree(event.tags()));
    }

    private static Event read(JsonNode json) {
        var tags = new ArrayList<List<String>>();
        for (JsonNode tag : json.path("tags")) {
            var words = new ArrayList<String>();
            for (JsonNode word : tag) words.add(word.asText());
            tags.add(words);
        }
        return new Event(
                json.path("id").asText(),
                json.path("pubkey").asText(),
                json.path("created_at").asLong(),
                json.path("kind").asInt(),
                tags,
                json.path("content").asText(),
                json.path("sig").asText());
    }

    @Test
    void relayKeepsTheNewestAndForgetsWhatWeDelete() throws Exception {
        var key = NostrKey.fresh();
        try (var relay = NpmRelay.open(temp);
                var pool = pool(relay, key)) {
            Event old = event(key, "a", "old", 10);
            Event newer = event(key, "a", "new", 0);
            pool.publish(newer, pool.relays());

            Published late = only(pool.publish(old, pool.relays()));

            assertThat(late.isAccepted()).as("%s", late).isTrue();
            assertThat(relay.tools("check").keySet()).containsExactly(newer.id());
            Event deletion = key.sign(new Event.Draft(
                    newer.createdAt(),
                    Event.DELETION,
                    List.of(List.of("a", newer.address()), List.of("e", newer.id())),
                    ""));
            pool.publish(deletion, pool.relays());
            assertThat(relay.tools("check")).isEmpty();
        }
    }

    @Test
    void relayThatWantsToKnowUsIsShownOurKey() throws Exception {
        var key = NostrKey.fresh();
        try (var relay = NpmRelay.open(temp, "--auth");
                var pool = pool(relay, key)) {
            assertThat(only(pool.publish(event(key, "a", "hello", 0), pool.relays()))
                            .isAccepted())
                    .isTrue();
        }
    }

    @Test
    void listingOfARealDaemonIsGenuineAndGoneAfterItsStop() throws Exception {
        try (var relay = NpmRelay.open(temp)) {
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

                JsonNode listed = relay.tools("check").values().iterator().next();

                assertThat(listed.path("genuine").asBoolean()).isTrue();
                JsonNode content = NpmRelay.JSON.readTree(listed.path("content").asText());
                assertThat(content.path("mesh_id").asText()).isEqualTo(mesh);
                assertThat(content.path("name").asText()).isEqualTo("Sydney Lab");
            }
            assertThat(relay.tools("check").values())
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

    private static RelayPool pool(NpmRelay relay, NostrKey key) {
        return new RelayPool(List.of(relay.url()), key, RelayTiming.DEFAULT);
    }
}
