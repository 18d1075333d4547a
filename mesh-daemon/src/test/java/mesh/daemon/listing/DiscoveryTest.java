package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import mesh.core.listing.Candidate.Probe;
import mesh.core.listing.Listing;
import mesh.core.listing.Wish;
import mesh.daemon.nostr.Answered;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.EvilRelay;
import mesh.daemon.nostr.KeyPow;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.Published;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.daemon.nostr.relay.Relays;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.Test;

/** A whole look, from relays of every kind to the mesh that is tried first. */
class DiscoveryTest {
    private static final int SPAM = 10_000;

    /** Less than a round of knocks shows; more than one round takes. */
    private static final int BOASTS = 11;

    /** For a node on this machine that answers at all. */
    private static final long PATIENCE_MILLIS = 2_000;

    @Test
    void tenThousandForgedAndCheapListingsAndSomeBoastsLeaveTheRightMeshOnTop() throws Exception {
        var right = new TestMesh();
        List<Event> spam = spam(right);
        try (var node = new TestNode(TestNode.loopback(), right.node);
                var good = Relays.open(ListingEvent.KIND);
                var forging = flooding(forged(right));
                var boasting = flooding(spam)) {
            right.addresses = List.of("127.0.0.1:" + node.endpoint.address().getPort());
            publish(good.url(), right.listed(right.listing("the right one", "demo")));
            var wish = new Wish("", "demo", "", 0, List.of(), false, Optional.empty());
            var discovery = new Discovery(
                    List.of(forging.url(), boasting.url(), good.url()),
                    Set.of(),
                    Optional.empty(),
                    TestMesh.WORK_BITS,
                    PATIENCE_MILLIS);

            Discovery.Outcome found = discovery.look(wish, true);

            Found first = found.meshes().getFirst();
            assertThat(first.candidate().listing().mesh()).isEqualTo(right.id());
            assertThat(first.candidate().probe()).isInstanceOf(Probe.Answered.class);
            assertThat(found.meshes()).hasSize(1 + BOASTS);
            assertThat(end(found, forging)).isEqualTo(Answered.End.MISBEHAVED);
            assertThat(end(found, boasting)).isEqualTo(Answered.End.TOO_MANY);
        }
    }

    private static Answered.End end(Discovery.Outcome found, EvilRelay relay) {
        return Objects.requireNonNull(found.relays().get(relay.url())).end();
    }

    /** Under the right mesh's own name and with its own invites, by keys that did the work and never signed. */
    private static List<Event> forged(TestMesh right) {
        Event pattern = right.listed(right.listing("the right one", "demo"));
        var forged = new ArrayList<Event>();
        for (int i = 0; i < SPAM; i++)
            forged.add(new Event(
                    String.format("%064x", i),
                    pattern.author(),
                    pattern.createdAt() + 60,
                    pattern.kind(),
                    pattern.tags(),
                    pattern.content(),
                    pattern.signature()));
        return forged;
    }

    /** First those who did all the work and boast, with nobody at home; then thousands who did none. */
    private static List<Event> spam(TestMesh right) {
        var spam = new ArrayList<Event>();
        for (int i = 0; i < BOASTS; i++) {
            var boast = new TestMesh();
            boast.addresses = List.of("127.0.0.1:" + (1 + i));
            Listing bare = boast.listing("the best one", "demo");
            spam.add(boast.listed(new Listing(
                    bare.mesh(),
                    bare.name(),
                    bare.region(),
                    bare.serving(),
                    1_000,
                    List.of(),
                    List.of(),
                    Long.MAX_VALUE,
                    Integer.MAX_VALUE,
                    0,
                    0,
                    bare.protocol(),
                    bare.entry())));
        }
        Event pattern = right.listed(right.listing("a cheap one", "demo"));
        long nonce = ListingEvent.read(pattern).orElseThrow().powNonce();
        for (int i = 1; spam.size() < SPAM; i++) {
            String author = String.format("%064x", i);
            if (KeyPow.bits(ListingEvent.APPLICATION, author, nonce) >= TestMesh.WORK_BITS) continue;
            spam.add(new Event(
                    author,
                    author,
                    pattern.createdAt(),
                    pattern.kind(),
                    pattern.tags(),
                    pattern.content(),
                    pattern.signature()));
        }
        return spam;
    }

    private static EvilRelay flooding(List<Event> events) {
        return new EvilRelay((client, frame) -> {
            if (!frame.startsWith("[\"REQ\"")) return;
            for (Event each : events) client.give(EvilRelay.name(frame), each);
        });
    }

    private static void publish(URI relay, Event event) throws Exception {
        try (var pool = new RelayPool(List.of(relay), NostrKey.fresh(), RelayTiming.DEFAULT)) {
            assertThat(pool.publish(event, pool.relays()).values()).allMatch(Published::isAccepted);
        }
    }
}
