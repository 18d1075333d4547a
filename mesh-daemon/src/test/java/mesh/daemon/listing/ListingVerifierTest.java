package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.Role;
import mesh.core.listing.Listing;
import mesh.core.listing.Rejected;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.NostrKey;
import org.junit.jupiter.api.Test;

/** Every way in which a listing can lie has its own reason. */
class ListingVerifierTest {
    private final TestMesh mesh = new TestMesh();
    private final ListingVerifier verifier = new ListingVerifier(Set.of(), TestMesh.WORK_BITS);

    @Test
    void trueListingIsTakenWithAllItSays() {
        Event event = mesh.listed(mesh.listing("Sydney Lab", "demo"));

        assertThat(verifier.check(event, true, mesh.nowSeconds))
                .isInstanceOfSatisfying(ListingVerifier.Verdict.Good.class, good -> {
                    Listing listing = good.found().candidate().listing();
                    assertThat(listing.name()).isEqualTo("Sydney Lab");
                    assertThat(listing.serving()).containsExactly("demo");
                    assertThat(listing.mesh()).isEqualTo(mesh.id());
                    assertThat(good.found().client().terms().role()).isEqualTo(Role.CLIENT);
                    assertThat(good.found().serve().terms().role()).isEqualTo(Role.SERVE);
                });
    }

    @Test
    void timesOutsideTheirBoundsAreRefused() {
        long now = mesh.nowSeconds;

        assertThat(reason(at(now - 86_400, now + 60))).contains(Rejected.LASTS_TOO_LONG);
        assertThat(reason(at(now - 1_000, now + 60))).contains(Rejected.STALE);
        assertThat(reason(at(now + 3_600, now + 3_780))).contains(Rejected.FROM_THE_FUTURE);
        assertThat(reason(at(now, now + 315_360_000L))).contains(Rejected.LASTS_TOO_LONG);
        assertThat(reason(at(now - 200, now))).contains(Rejected.EXPIRED);
        assertThat(reason(at(now - 60, now + 120))).isEmpty();
    }

    @Test
    void invitesCopiedUnderAnotherPublisherAreRefused() {
        Event genuine = mesh.listed(mesh.listing("Sydney Lab"));
        var thief = NostrKey.fresh();
        Listing better = ListingEvent.read(genuine).orElseThrow().listing();

        Event copied = thief.sign(ListingEvent.listed(
                better,
                TestMesh.worked(thief),
                List.of(),
                genuine.createdAt(),
                genuine.expiration().orElseThrow()));

        assertThat(reason(copied)).contains(Rejected.BAD_PROOF);
    }

    @Test
    void missingProofAndForeignMeshAreRefused() {
        var other = new TestMesh();
        Listing.Entry entry = ListingEvent.read(mesh.listed(mesh.listing("a")))
                .orElseThrow()
                .listing()
                .entry();
        var unproved = new Listing.Entry(entry.node(), entry.clientToken(), entry.serveToken(), "");

        assertThat(reason(signed(mesh.listing("a").at(unproved)))).contains(Rejected.BAD_PROOF);
        assertThat(reason(signed(other.listing("a").at(entry)))).contains(Rejected.BAD_INVITE);
    }

    @Test
    void inviteThatGivesMoreThanAPublicOneMayIsRefused() {
        long end = mesh.nowSeconds + TestMesh.TTL_SECONDS;

        for (Role role : List.of(Role.SPLIT, Role.ADMIN))
            assertThat(reason(mesh.listed(
                            mesh.listing("a"),
                            mesh.publisher,
                            mesh.powNonce,
                            mesh.nowSeconds,
                            end,
                            mesh.token(Role.CLIENT, end),
                            mesh.token(role, end))))
                    .contains(Rejected.ROLE_TOO_HIGH);
    }

    @Test
    void keyThatCostNothingIsRefusedUnlessItIsTrusted() {
        Event cheap = mesh.listed(mesh.listing("a"));
        var strict = new ListingVerifier(Set.of(), 60);
        var knowing = new ListingVerifier(Set.of(mesh.publisher.author()), 60);

        assertThat(strict.check(cheap, true, mesh.nowSeconds))
                .isEqualTo(new ListingVerifier.Verdict.Bad(Rejected.CHEAP_KEY));
        assertThat(knowing.check(cheap, true, mesh.nowSeconds)).isInstanceOf(ListingVerifier.Verdict.Good.class);
    }

    @Test
    void forgedIdsAndSignaturesAreRefused() {
        Event genuine = mesh.listed(mesh.listing("a"));

        assertThat(reason(changed(genuine, genuine.id(), genuine.createdAt() - 1, genuine.signature())))
                .contains(Rejected.WRONG_ID);
        assertThat(reason(changed(genuine, genuine.id(), genuine.createdAt(), "00".repeat(64))))
                .contains(Rejected.BAD_SIGNATURE);
    }

    @Test
    void inflatedFiguresAreClamped() {
        Listing bare = mesh.listing("a");
        var boast = new Listing(
                bare.mesh(),
                "a",
                "AU",
                List.of(),
                0,
                List.of(),
                List.of(),
                Long.MAX_VALUE,
                1 << 30,
                -5,
                -1,
                "mesh/1",
                bare.entry());

        assertThat(boast.nodes()).isEqualTo(Listing.NODES_MAX);
        assertThat(boast.memoryBytes()).isEqualTo(Listing.MEMORY_BYTES_MAX);
        assertThat(boast.clients()).isZero();
    }

    @Test
    void contentThatIsNoListingIsMalformed() {
        for (String content : List.of("", "{}", "[]", "{\"mesh_id\":\"x\"}", "{".repeat(100), "null"))
            assertThat(ListingEvent.read(mesh.publisher.sign(new Event.Draft(
                            mesh.nowSeconds,
                            ListingEvent.KIND,
                            List.of(List.of("d", mesh.id().hex()), List.of("k", ListingEvent.APPLICATION)),
                            content))))
                    .isEmpty();
    }

    private Event at(long createdAt, long expiration) {
        return mesh.listed(mesh.listing("a"), mesh.publisher, mesh.powNonce, createdAt, expiration);
    }

    private Event signed(Listing listing) {
        return mesh.publisher.sign(ListingEvent.listed(
                listing, mesh.powNonce, List.of(), mesh.nowSeconds, mesh.nowSeconds + TestMesh.TTL_SECONDS));
    }

    private static Event changed(Event event, String id, long createdAt, String signature) {
        return new Event(id, event.author(), createdAt, event.kind(), event.tags(), event.content(), signature);
    }

    private Optional<Rejected> reason(Event event) {
        Optional<Rejected> glanced = verifier.glance(event, mesh.nowSeconds);
        if (glanced.isPresent()) return glanced;
        return switch (verifier.check(event, true, mesh.nowSeconds)) {
            case ListingVerifier.Verdict.Good good -> Optional.empty();
            case ListingVerifier.Verdict.Bad(Rejected why) -> Optional.of(why);
        };
    }
}
