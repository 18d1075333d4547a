package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Signer;
import mesh.core.listing.Listing;
import mesh.core.listing.Wish;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.EvilRelay;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.Published;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.daemon.nostr.Standings;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import mesh.daemon.nostr.relay.Relays;
import mesh.daemon.store.Ed25519Verifier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listing's whole life at real relays of ours: made, refreshed, withdrawn while full, made again, gone at the stop. */
class PublisherTest {
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    private final TestMesh mesh = new TestMesh();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private EmbeddedRelay relay;
    private @Nullable Publisher started;
    private volatile int clients;
    private volatile boolean isAdmin = true;
    private volatile String model = "demo";
    private List<String> guests = List.of();
    private Optional<NostrKey> reader = Optional.empty();

    @BeforeEach
    void openRelay() throws Exception {
        relay = Relays.open(ListingEvent.KIND);
    }

    @AfterEach
    void close() throws Exception {
        if (started != null) started.close();
        relay.close();
    }

    @Test
    void listingIsFoundWithWhatItSaysAndRenewedBeforeItEnds() throws Exception {
        publish(0, List.of(relay.url()));

        await(() -> publisher().state() == Publisher.State.LISTED);
        Found first = found().orElseThrow();
        assertThat(first.candidate().listing().serving()).containsExactly("demo");
        Publisher.Standing standing = publisher().standing();
        assertThat(standing.isPublished()).isTrue();
        assertThat(standing.word()).isEqualTo("listed");
        assertThat(standing.relays())
                .containsExactly(new Publisher.RelayStanding(new Standings.Shown(relay.url(), "stored", 0), "open"));
        assertThat(said).singleElement().asString().contains("Listed").doesNotContain("public");
        await(() -> found().filter(
                        later -> later.event().createdAt() > first.event().createdAt())
                .isPresent());
    }

    @Test
    void changeOfModelsIsListedSoonerThanTheNextRefresh() throws Exception {
        publish(0, List.of(relay.url()), Duration.ofSeconds(30));
        await(() -> publisher().state() == Publisher.State.LISTED);

        model = "another";

        await(() -> found().filter(later -> later.candidate().listing().serves("another"))
                .isPresent());
    }

    @Test
    void fullMeshIsWithdrawnAndComesBackNewerWhileTheOldListingDoesNot() throws Exception {
        publish(1, List.of(relay.url()));
        await(() -> publisher().state() == Publisher.State.LISTED);
        Event old = found().orElseThrow().event();

        clients = 1;
        await(() -> publisher().state() == Publisher.State.FULL);
        assertThat(found()).isEmpty();
        try (var pool = new RelayPool(List.of(relay.url()), NostrKey.fresh(), RelayTiming.DEFAULT)) {
            assertThat(isAccepted(pool, old)).isFalse();
        }
        assertThat(found()).as("a replay brings nothing back").isEmpty();

        clients = 0;
        await(() -> publisher().state() == Publisher.State.LISTED);
        assertThat(found().orElseThrow().event().createdAt()).isGreaterThan(old.createdAt());
    }

    @Test
    void stopTakesTheListingBackThoughAnotherRelayHangs() throws Exception {
        try (var deaf = new java.net.ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress())) {
            publish(0, List.of(URI.create("ws://127.0.0.1:" + deaf.getLocalPort()), relay.url()));
            await(() -> found().isPresent());
            long begun = System.nanoTime();

            publisher().close();

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
            assertThat(found()).isEmpty();
        }
    }

    @Test
    void clockThatWentBackMakesNoOlderListing() throws Exception {
        Path note = folder.resolve("publisher.json");
        long ahead = mesh.nowSeconds + 60;
        new PublisherNote(mesh.publisher.author(), mesh.powNonce, TestMesh.WORK_BITS, ahead).write(note);

        publish(0, List.of(relay.url()));

        await(() -> publisher().state() == Publisher.State.LISTED);
        assertThat(found().orElseThrow().event().createdAt()).isGreaterThan(ahead);
        assertThat(PublisherNote.read(note, mesh.publisher.author()).lastCreatedAt())
                .isGreaterThan(ahead);
    }

    @Test
    void newerEventOfOursThatWeForgotIsOutrunOnce() throws Exception {
        Event forgotten = mesh.listed(
                mesh.listing("a"),
                mesh.publisher,
                mesh.powNonce,
                mesh.nowSeconds + 30,
                mesh.nowSeconds + TestMesh.TTL_SECONDS);
        try (var pool = new RelayPool(List.of(relay.url()), NostrKey.fresh(), RelayTiming.DEFAULT)) {
            assertThat(isAccepted(pool, forgotten)).isTrue();
        }

        publish(0, List.of(relay.url()));

        await(() -> found().filter(now -> now.event().createdAt() > forgotten.createdAt())
                .isPresent());
    }

    @Test
    void nodeThatMayLetNobodyInPublishesNothing() throws Exception {
        isAdmin = false;

        publish(0, List.of(relay.url()));

        await(() -> publisher().state() == Publisher.State.NOT_ADMIN);
        assertThat(found()).isEmpty();
        assertThat(publisher().standing().word()).isEqualTo("not_admin");
    }

    @Test
    void nodeThatIsAdminNoMoreTakesItsListingBack() throws Exception {
        publish(0, List.of(relay.url()));
        await(() -> publisher().state() == Publisher.State.LISTED);

        isAdmin = false;

        await(() -> publisher().state() == Publisher.State.NOT_ADMIN);
        assertThat(found()).isEmpty();
    }

    @Test
    void inviteToLendMemoryIsReadByItsGuestAndByNobodyElse() throws Exception {
        var guest = NostrKey.fresh();
        guests = List.of(NostrKey.fresh().author(), guest.author());
        publish(0, List.of(relay.url()));
        await(() -> publisher().state() == Publisher.State.LISTED);

        assertThat(found().orElseThrow().best().terms().role()).isEqualTo(Role.SERVE);
        reader = Optional.of(NostrKey.fresh());
        assertThat(found().orElseThrow().best().terms().role()).isEqualTo(Role.SERVE);
        reader = Optional.of(guest);
        assertThat(found().orElseThrow().best().terms().role()).isEqualTo(Role.SPLIT);
    }

    @Test
    void sealedInviteThatLeadsElsewhereIsLeftAlone() {
        var guest = NostrKey.fresh();
        var other = new TestMesh();
        mesh.sealed = List.of(
                mesh.publisher.seal(guest.author(), other.token(Role.SPLIT, mesh.nowSeconds + TestMesh.TTL_SECONDS)));
        var verifier = new ListingVerifier(Set.of(), TestMesh.WORK_BITS);
        var verdict = verifier.check(mesh.listed(mesh.listing("a")), true, mesh.nowSeconds);
        Found found = ((ListingVerifier.Verdict.Good) verdict).found();

        assertThat(ListingVerifier.opened(found, guest, mesh.nowSeconds).sealed())
                .isEmpty();
    }

    @Test
    void relayThatRefusesIsShownRestingAndTheListingAsUnheard() throws Exception {
        try (var refusing = new EvilRelay((client, frame) -> {
            if (frame.startsWith("[\"EVENT\""))
                client.say("[\"OK\",\"" + EvilRelay.name(frame) + "\",false,\"blocked: no\"]");
            else client.say("[\"EOSE\",\"" + EvilRelay.name(frame) + "\"]");
        })) {
            publish(0, List.of(refusing.url()));

            await(() -> publisher().state() == Publisher.State.LISTED);
            Publisher.Standing standing = publisher().standing();

            assertThat(standing.isPublished()).isFalse();
            assertThat(standing.word()).isEqualTo("unheard");
            assertThat(standing.relays()).singleElement().satisfies(one -> {
                assertThat(one.shown().said()).isEqualTo("blocked");
                assertThat(one.shown().restsUntilMillis()).isGreaterThan(System.currentTimeMillis());
            });
        }
    }

    @Test
    void relayThatComesBackIsToldTheListingOnce() throws Exception {
        var kept = new CopyOnWriteArrayList<String>();
        EvilRelay.Deed deed = (client, frame) -> {
            String name = EvilRelay.name(frame);
            if (frame.startsWith("[\"EVENT\"")) {
                kept.add(frame.substring("[\"EVENT\",".length(), frame.length() - 1));
                client.say("[\"OK\",\"" + name + "\",true,\"\"]");
            } else if (frame.startsWith("[\"REQ\"")) {
                if (frame.contains("\"ids\"")) client.say("[\"EVENT\",\"" + name + "\"," + kept.getLast() + "]");
                client.say("[\"EOSE\",\"" + name + "\"]");
            }
        };
        var first = new EvilRelay(deed);
        publish(0, List.of(first.url()), Duration.ofSeconds(60));
        await(() -> publisher().standing().isPublished());
        first.close();

        try (var second = new EvilRelay(first.port(), deed)) {
            await(() -> second.heard().stream().anyMatch(frame -> frame.contains("\"ids\"")));

            assertThat(second.heard("EVENT")).isEqualTo(1);
            assertThat(second.heard().stream().filter(frame -> frame.contains("\"#d\"")))
                    .as("and is watched again")
                    .hasSize(1);
        }
    }

    @Test
    void listingHoldsNoSecretButInvitesToAskAndServe() throws Exception {
        publish(0, List.of(relay.url()));
        await(() -> publisher().state() == Publisher.State.LISTED);

        Event event = found().orElseThrow().event();

        var tokens = new ArrayList<Role>();
        var token = java.util.regex.Pattern.compile("mesh1\\.[\\w-]+").matcher(event.content());
        while (token.find())
            switch (Invite.parse(token.group(), Ed25519Verifier.ED25519, System.currentTimeMillis())) {
                case Checked.Good<Invite>(Invite invite) -> {
                    tokens.add(invite.terms().role());
                    assertThat(invite.terms().notAfterMillis() / 1_000)
                            .isLessThanOrEqualTo(event.expiration().getAsLong() + 1);
                }
                case Checked.Refused<Invite>(var reason) -> throw new AssertionError(reason);
            }
        assertThat(tokens).containsExactly(Role.CLIENT, Role.SERVE);
        assertThat(event.toString()).doesNotContain("mesh1.");
        assertThat(Files.readString(folder.resolve("publisher.json"))).doesNotContain("nsec", "mesh1.");
    }

    private Publisher publisher() {
        return Objects.requireNonNull(started);
    }

    private static boolean isAccepted(RelayPool pool, Event event) throws InterruptedException {
        return pool.publish(event, pool.relays()).values().stream().allMatch(Published::isAccepted);
    }

    private void publish(int clientsMax, List<URI> relays) throws Exception {
        publish(clientsMax, relays, INTERVAL);
    }

    private void publish(int clientsMax, List<URI> relays, Duration interval) throws Exception {
        var settings = new Publisher.Settings(
                relays, interval, clientsMax, guests, folder.resolve("publisher.json"), TestMesh.WORK_BITS);
        var fresh = new Publisher(settings, mesh.publisher, new Node(clientsMax), said::add);
        started = fresh;
        fresh.start();
    }

    private Optional<Found> found() {
        try {
            return new Discovery(List.of(relay.url()), Set.of(), reader, TestMesh.WORK_BITS, Prober.PATIENCE_MILLIS)
                    .look(Wish.ANY, false).meshes().stream().findFirst();
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    /** The node that is spoken for. */
    private final class Node implements Publication {
        private final int clientsMax;

        Node(int clientsMax) {
            this.clientsMax = clientsMax;
        }

        @Override
        public Optional<Facts> facts() {
            Listing bare = mesh.listing("Sydney Lab", model);
            var now = new Listing(
                    bare.mesh(),
                    bare.name(),
                    bare.region(),
                    bare.serving(),
                    1,
                    List.of(),
                    List.of(),
                    bare.memoryBytes(),
                    1,
                    clients,
                    clientsMax,
                    bare.protocol(),
                    bare.entry());
            return Optional.of(new Facts(now, mesh.node.id(), isAdmin, Set.<NodeId>of()));
        }

        @Override
        public Checked<Invite> invite(Role role, Duration lasts) {
            return Invite.parse(
                    mesh.token(role, System.currentTimeMillis() / 1_000 + lasts.toSeconds()),
                    Ed25519Verifier.ED25519,
                    System.currentTimeMillis());
        }

        @Override
        public Optional<Signer> signer() {
            return Optional.of(mesh.node);
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.sleep(20);
        }
    }
}
