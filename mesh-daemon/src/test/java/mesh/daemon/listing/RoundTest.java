package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import mesh.core.listing.Rejected;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.EventSink;
import mesh.daemon.nostr.NostrKey;
import org.junit.jupiter.api.Test;

/** What many relays say about many listings comes to one answer, whatever order it comes in and whoever floods. */
class RoundTest {
    private static final URI LOCAL = URI.create("ws://127.0.0.1:1");
    private static final URI OPEN = URI.create("wss://relay.example");

    private final TestMesh mesh = new TestMesh();
    private final Round round = new Round(new ListingVerifier(Set.of(), TestMesh.WORK_BITS), mesh.nowSeconds);

    @Test
    void oneListingFromFiveRelaysIsOne() {
        Event event = mesh.listed(mesh.listing("a"));

        for (int relay = 0; relay < 5; relay++)
            assertThat(round.from(URI.create("wss://relay" + relay + ".example"))
                            .take(event))
                    .isTrue();

        assertThat(round.found()).hasSize(1);
        assertThat(round.verified()).isEqualTo(1);
        assertThat(round.rejected()).isEmpty();
    }

    @Test
    void forgedCopyThatComesFirstHidesNothing() {
        Event genuine = mesh.listed(mesh.listing("a"));
        var forged = new Event(
                genuine.id(),
                genuine.author(),
                genuine.createdAt(),
                genuine.kind(),
                genuine.tags(),
                genuine.content(),
                "00".repeat(64));

        assertThat(round.from(OPEN).take(forged)).as("the relay's fault").isFalse();
        assertThat(round.from(LOCAL).take(genuine)).isTrue();

        assertThat(round.found()).extracting(Found::event).containsExactly(genuine);
        assertThat(round.rejected()).containsEntry(Rejected.BAD_SIGNATURE, 1);
    }

    @Test
    void newestOfOnePublisherWinsInAnyOrder() {
        long now = mesh.nowSeconds;
        Event older = mesh.listed(mesh.listing("old"), mesh.publisher, mesh.powNonce, now - 10, now + 100);
        Event newer = mesh.listed(mesh.listing("new"), mesh.publisher, mesh.powNonce, now - 5, now + 100);

        round.from(LOCAL).take(newer);
        round.from(LOCAL).take(older);

        assertThat(round.found()).extracting(Found::event).containsExactly(newer);
        assertThat(round.rejected()).containsEntry(Rejected.SUPERSEDED, 1);
    }

    @Test
    void delistingHidesWhatAnotherRelayStillHas() {
        long now = mesh.nowSeconds;
        Event listed = mesh.listed(mesh.listing("a"), mesh.publisher, mesh.powNonce, now - 10, now + 100);
        Event gone = mesh.publisher.sign(ListingEvent.delisted(mesh.id(), now - 5, now + 100));

        round.from(LOCAL).take(gone);
        round.from(OPEN).take(listed);

        assertThat(round.found()).isEmpty();
    }

    @Test
    void tenThousandListingsOfStrangersCostABoundAndHideNoTrustedOne() {
        var trusted = new TestMesh();
        var budgeted =
                new Round(new ListingVerifier(Set.of(trusted.publisher.author()), TestMesh.WORK_BITS), mesh.nowSeconds);
        EventSink sink = budgeted.from(OPEN);
        List<Event> flood = flood(10_000);
        Event wanted = trusted.listed(trusted.listing("the right one", "demo"));

        for (Event each : flood) sink.take(each);
        sink.take(wanted);

        assertThat(budgeted.verified()).isLessThanOrEqualTo(Round.VERIFIED_MAX + 1);
        assertThat(budgeted.found()).extracting(Found::event).contains(wanted);
        assertThat(budgeted.rejected().get(Rejected.OVER_BUDGET)).isGreaterThanOrEqualTo(10_000 - Round.VERIFIED_MAX);
    }

    /** Shaped like listings and signed by nobody: what a flood costs is the same, and making it is quick. */
    private List<Event> flood(int count) {
        Event pattern = mesh.listed(mesh.listing("spam", "demo"));
        var flood = new ArrayList<Event>();
        for (int i = 0; i < count; i++) {
            String author = String.format("%064x", i);
            flood.add(new Event(
                    String.format("%064x", i + 1),
                    author,
                    pattern.createdAt(),
                    pattern.kind(),
                    pattern.tags(),
                    pattern.content(),
                    pattern.signature()));
        }
        return flood;
    }

    @Test
    void anotherKeyForTheSameMeshIsAnotherEntryToIt() {
        var second = NostrKey.fresh();

        round.from(LOCAL).take(mesh.listed(mesh.listing("a")));
        round.from(LOCAL)
                .take(mesh.listed(
                        mesh.listing("a"),
                        second,
                        TestMesh.worked(second),
                        mesh.nowSeconds,
                        mesh.nowSeconds + TestMesh.TTL_SECONDS));

        assertThat(round.found())
                .hasSize(2)
                .allMatch(found -> found.candidate().listing().mesh().equals(mesh.id()));
    }
}
