package mesh.daemon.listing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Signer;
import mesh.core.listing.Door;
import mesh.core.listing.Listing;
import mesh.core.listing.ListingProof;
import mesh.daemon.log.Log;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import mesh.daemon.nostr.KeyPow;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.Published;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.daemon.nostr.RelayUrl;
import mesh.daemon.nostr.Standings;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this node's mesh on the relays' list: fresh, off while it is full or stopping, and by one member at a time; when
 * that one is gone another one that was told to publish takes over. Everything happens on one virtual thread,
 * {@code publisher}, at which relays and the owner leave notes.
 */
public final class Publisher {
    private static final Log log = Log.of(Publisher.class);

    /** A listing outlives two refreshes that fail. */
    private static final int INTERVALS_TO_LIVE = 3;

    /** Looks per interval: a second of sixty. */
    private static final int LOOKS = 60;

    private static final long LOOK_MILLIS_MIN = 100;

    /** Of an interval: no sooner than this after the last one, however much changes. */
    private static final double CALM = 1.0 / 6;

    /** Of an interval: how long a member waits before it takes over, so that two do not at once. */
    private static final double TAKEOVER_MIN = 1.0 / 6;

    private static final double TAKEOVER_MAX = 1.0 / 2;

    /** Refreshes of many meshes must not meet at the relay. */
    private static final double JITTER = 0.1;

    /** A relay with a newer event of ours that we do not remember: this far beyond it we go, once. */
    private static final long RAISE_SECONDS = 5;

    /** A stop is not held up by relays for longer. */
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final Settings settings;
    private final NostrKey key;
    private final Publication node;
    private final Consumer<String> terminal;
    private final RelayPool pool;
    private final Standings standings;
    private final ListingVerifier verifier;
    private final Rivals rivals = new Rivals();
    private final Door door;
    private final BlockingQueue<URI> reopened = new LinkedBlockingQueue<>();
    private final Map<URI, Boolean> confirmed = new ConcurrentHashMap<>();
    private final Thread thread = Thread.ofVirtual().name("publisher").unstarted(this::run);
    private PublisherNote note;
    private @Nullable Listing said;
    private @Nullable Event current;
    private long nextRefreshNanos = System.nanoTime();
    private long saidNanos = System.nanoTime();
    private long takeoverNanos;
    private boolean isWatching;
    private boolean isAnnounced;
    private volatile State state = State.WAITING;
    private volatile boolean isClosing;

    /** Whether the mesh is listed by this node, and if not, why. */
    public enum State {
        /** Not in a mesh yet. */
        WAITING,
        /** This node may let nobody in, so it has nothing to offer. */
        NOT_ADMIN,
        /** Another member lists the mesh. */
        STANDBY,
        LISTED,
        /** As many clients as it takes are here. */
        FULL,
        STOPPED
    }

    /**
     * How to publish.
     *
     * @param interval between two refreshes; a listing lives for three
     * @param note where the publisher's note is kept
     * @param clientsMax 0 = as many as come
     * @param guests keys, in hex, whose holders find an invite that nobody else can read
     */
    public record Settings(
            List<URI> relays, Duration interval, int clientsMax, List<String> guests, Path note, int workBits) {
        public Settings {
            relays = List.copyOf(relays);
            guests = List.copyOf(guests);
        }
    }

    /**
     * How the listing stands, for people.
     *
     * @param confirmed how many relays were seen to have it
     */
    public record Standing(State state, long confirmed, List<RelayStanding> relays) {
        public Standing {
            relays = List.copyOf(relays);
        }

        public boolean isPublished() {
            return state == State.LISTED && confirmed > 0;
        }

        /** One word: listed while no relay is seen to have it is {@code unheard}, while only one of several, {@code degraded}. */
        public String word() {
            if (state == State.LISTED && confirmed == 0) return "unheard";
            boolean isThin = state == State.LISTED && confirmed == 1 && relays.size() > 1;
            return isThin ? "degraded" : state.name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** One relay of it; {@code link} is where the connection stands. */
    public record RelayStanding(Standings.Shown shown, String link) {}

    public Publisher(Settings settings, NostrKey key, Publication node, Consumer<String> terminal) throws IOException {
        this(settings, key, node, terminal, new RelayPool(settings.relays(), key, RelayTiming.DEFAULT));
    }

    Publisher(Settings settings, NostrKey key, Publication node, Consumer<String> terminal, RelayPool pool)
            throws IOException {
        this.settings = settings;
        this.key = key;
        this.node = node;
        this.terminal = terminal;
        this.pool = pool;
        this.standings = new Standings(settings.relays());
        this.verifier = new ListingVerifier(java.util.Set.of(), settings.workBits());
        this.door = new Door(settings.clientsMax());
        this.note = PublisherNote.read(settings.note(), key.author());
        pool.onReopened(reopened::add);
    }

    public void start() {
        thread.start();
    }

    public State state() {
        return state;
    }

    /** Takes the mesh off the list and stops. */
    public void close() throws InterruptedException {
        isClosing = true;
        thread.interrupt();
        thread.join();
        if (current != null) {
            Thread farewell = Thread.ofVirtual().name("publisher").start(this::sayGoodbye);
            farewell.join(FAREWELL);
        }
        state = State.STOPPED;
        pool.close();
    }

    private void sayGoodbye() {
        try {
            delist(State.STOPPED);
        } catch (IOException | InterruptedException late) {
            // The listing ends by itself.
        }
    }

    private void run() {
        try {
            mine();
            while (!isClosing) {
                try {
                    look();
                } catch (IOException disk) {
                    log.warn("listing.unwritten", "cause", disk.toString());
                }
                URI back = reopened.poll(lookMillis(), TimeUnit.MILLISECONDS);
                Event now = current;
                if (back != null && now != null && state == State.LISTED) send(now, List.of(back));
            }
        } catch (InterruptedException ending) {
            // Closed while it waited.
        }
    }

    private long lookMillis() {
        return Math.max(LOOK_MILLIS_MIN, settings.interval().toMillis() / LOOKS);
    }

    private void mine() throws InterruptedException {
        if (note.powBits() >= settings.workBits()) return;
        long nonce = KeyPow.mine(ListingEvent.APPLICATION, key.author(), settings.workBits());
        note = note.mined(nonce, settings.workBits());
    }

    private void look() throws IOException, InterruptedException {
        Optional<Publication.Facts> known = node.facts();
        if (known.isEmpty()) return;
        Publication.Facts facts = known.get();
        if (!facts.isAdmin()) {
            if (state != State.NOT_ADMIN) log.warn("listing.unable", "reason", "not_admin");
            if (state == State.LISTED) delist(State.NOT_ADMIN);
            state = State.NOT_ADMIN;
            return;
        }
        watch(facts);
        boolean isOpen = door.isOpen(facts.listing().clients());
        if (!isOpen) {
            if (state == State.LISTED) delist(State.FULL);
            state = State.FULL;
            return;
        }
        if (isAnothersTurn(facts)) {
            if (state == State.LISTED) delist(State.STANDBY);
            state = State.STANDBY;
            return;
        }
        if (state == State.LISTED && !isDue(facts.listing())) return;
        publish(facts);
    }

    // Whose turn it is.

    private void watch(Publication.Facts facts) {
        if (isWatching) return;
        isWatching = true;
        pool.watch(List.of(ListingEvent.of(facts.listing().mesh())), this::seen);
    }

    private void seen(Event event) {
        if (event.author().equals(key.author())) return;
        long now = seconds();
        if (verifier.glance(event, now).isPresent()) return;
        switch (verifier.check(event, false, now)) {
            case ListingVerifier.Verdict.Good(Found found) -> rivals.heard(found);
            case ListingVerifier.Verdict.Bad(var reason) -> {
                if (reason == mesh.core.listing.Rejected.DELISTED) rivals.delisted(event.author(), event.createdAt());
            }
        }
    }

    /** One who lists gives way to a live member with a lower id; one who does not waits until nobody else does. */
    private boolean isAnothersTurn(Publication.Facts facts) {
        Optional<NodeId> other = rivals.lowest(facts.live(), seconds());
        if (state == State.LISTED)
            return other.filter(id -> id.compareTo(facts.self()) < 0).isPresent();
        if (other.isPresent()) {
            takeoverNanos = 0;
            return true;
        }
        if (facts.live().isEmpty()) return false;
        long now = System.nanoTime();
        if (takeoverNanos == 0)
            takeoverNanos = now + part(ThreadLocalRandom.current().nextDouble(TAKEOVER_MIN, TAKEOVER_MAX));
        return takeoverNanos - now > 0;
    }

    private long part(double ofInterval) {
        return (long) (settings.interval().toNanos() * ofInterval);
    }

    // Saying it.

    private boolean isDue(Listing now) {
        long nanos = System.nanoTime();
        if (nextRefreshNanos - nanos <= 0) return true;
        Listing before = said;
        return before != null && !isSameNews(before, now) && nanos - saidNanos >= part(CALM);
    }

    /** Clients come and go; their number can wait for the next refresh. */
    private static boolean isSameNews(Listing a, Listing b) {
        return a.serving().equals(b.serving())
                && a.wanted().equals(b.wanted())
                && a.onDisk().equals(b.onDisk())
                && a.nodes() == b.nodes();
    }

    private void publish(Publication.Facts facts) throws IOException, InterruptedException {
        long createdAt = Math.max(seconds(), note.lastCreatedAt() + 1);
        Optional<Event> event = signed(facts, createdAt);
        if (event.isEmpty()) return;
        said = facts.listing();
        saidNanos = System.nanoTime();
        Map<URI, Published> answers = send(event.get(), standings.publishTo(System.currentTimeMillis()));
        if (answers.values().stream().anyMatch(Publisher::isOutrun)) {
            // Somebody else holds our key, or our note was lost: once beyond what is there, and then it is said.
            long beyond = Math.max(createdAt, newestOfOurs(facts.listing())) + RAISE_SECONDS;
            log.warn("listing.outrun", "relays", answers.size());
            Optional<Event> again = signed(facts, beyond);
            if (again.isPresent()) send(again.get(), standings.publishTo(System.currentTimeMillis()));
        }
        // Unseen by anybody it is said again as soon as changes would be.
        double pause = standings.confirmed() == 0 ? CALM : 1;
        nextRefreshNanos = saidNanos
                + part(pause + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1));
        if (state != State.LISTED)
            log.info("listing.published", "meshId", facts.listing().mesh().hex(), "relays", standings.confirmed());
        state = State.LISTED;
        announce(facts.listing());
    }

    private static boolean isOutrun(Published answer) {
        return answer instanceof Published.Rejected rejected
                && (rejected.prefix().equals("replaced") || rejected.prefix().equals("deleted"));
    }

    private long newestOfOurs(Listing listing) throws InterruptedException {
        var newest = new java.util.concurrent.atomic.AtomicLong();
        Filter ours = ListingEvent.of(listing.mesh()).by(List.of(key.author()));
        pool.query(List.of(ours), settings.relays(), relay -> event -> {
            if (event.isGenuine()) newest.accumulateAndGet(event.createdAt(), Math::max);
            return true;
        });
        return newest.get();
    }

    private Optional<Event> signed(Publication.Facts facts, long createdAt) throws IOException {
        long lastsMillis = INTERVALS_TO_LIVE * settings.interval().toMillis();
        long expiration = (System.currentTimeMillis() + lastsMillis) / 1_000;
        Duration lasts = Duration.ofMillis(lastsMillis);
        Checked<Invite> client = node.invite(Role.CLIENT, lasts);
        Checked<Invite> serve = node.invite(Role.SERVE, lasts);
        Optional<Signer> signer = node.signer();
        if (!(client instanceof Checked.Good<Invite>(Invite asking))
                || !(serve instanceof Checked.Good<Invite>(Invite serving))
                || signer.isEmpty()) return Optional.empty();
        Listing bare = facts.listing();
        String clientToken = asking.token();
        String serveToken = serving.token();
        byte[] proof = ListingProof.sign(signer.get(), key.author(), bare.mesh(), expiration, clientToken, serveToken);
        var entry = new Listing.Entry(
                signer.get().id(), clientToken, serveToken, HexFormat.of().formatHex(proof));
        List<String> sealed = sealed(lasts);
        note = note.published(createdAt);
        note.write(settings.note());
        return Optional.of(
                key.sign(ListingEvent.listed(bare.at(entry), note.powNonce(), sealed, createdAt, expiration)));
    }

    /** Whoever may lend and use tensors is named by key; the invite for that is in the listing, but in no clear text. */
    private List<String> sealed(Duration lasts) throws IOException {
        if (settings.guests().isEmpty()
                || !(node.invite(Role.SPLIT, lasts) instanceof Checked.Good<Invite>(Invite invite))) return List.of();
        return settings.guests().stream()
                .map(guest -> key.seal(guest, invite.token()))
                .toList();
    }

    /** Sends, and then asks the relays that say they have it whether they do. */
    private Map<URI, Published> send(Event event, List<URI> to) throws InterruptedException {
        current = event;
        Map<URI, Published> answers = pool.publish(event, to);
        var claimed = new ArrayList<URI>();
        answers.forEach((relay, answer) -> {
            standings.published(relay, answer, System.currentTimeMillis());
            log.debug("listing.answered", "relay", relay, "answer", answer);
            // Silence may mean that it has the event all the same.
            boolean isSilent = answer.equals(new Published.Unheard("timed_out"));
            if (answer.isAccepted() || isSilent) claimed.add(relay);
        });
        confirmed.clear();
        pool.query(List.of(Filter.ofIds(List.of(event.id()))), claimed, relay -> back -> {
            boolean isIt = back.equals(event);
            if (isIt) confirmed.put(relay, true);
            return isIt;
        });
        for (URI relay : claimed) {
            boolean isThere = confirmed.containsKey(relay);
            standings.readBack(relay, isThere, System.currentTimeMillis());
            if (!isThere) log.warn("listing.unkept", "relay", relay);
        }
        return answers;
    }

    private void announce(Listing listing) {
        if (isAnnounced || standings.confirmed() == 0) return;
        isAnnounced = true;
        boolean isOpen = settings.relays().stream().anyMatch(relay -> !RelayUrl.isLocal(relay));
        String name = listing.name().isEmpty() ? "this mesh" : listing.name();
        terminal.accept("Listed   " + name + " on " + standings.confirmed() + " of "
                + settings.relays().size() + " relays" + (isOpen ? "; its addresses are public now" : ""));
    }

    /** First a newer event in its place, which every relay understands, then the wish to forget it. */
    private void delist(State why) throws IOException, InterruptedException {
        Event last = current;
        Listing listing = said;
        if (last == null || listing == null) return;
        long createdAt = Math.max(seconds(), note.lastCreatedAt() + 1);
        note = note.published(createdAt);
        note.write(settings.note());
        long expiration = Math.max(last.expiration().orElse(0), seconds() + 1);
        Event replacement = key.sign(ListingEvent.delisted(listing.mesh(), createdAt, expiration));
        Event deletion = key.sign(ListingEvent.deletion(key.author(), listing.mesh(), last.id(), createdAt - 1));
        current = null;
        log.info("listing.withdrawn", "reason", why.name().toLowerCase(java.util.Locale.ROOT));
        List<URI> everywhere = settings.relays();
        pool.publish(replacement, everywhere);
        pool.publish(deletion, everywhere);
    }

    /** Any thread. */
    public Standing standing() {
        State now = state;
        Map<URI, String> links = pool.states();
        var relays = standings.shown(System.currentTimeMillis()).stream()
                .map(relay -> new RelayStanding(relay, links.getOrDefault(relay.relay(), "")))
                .toList();
        return new Standing(now, now == State.LISTED ? standings.confirmed() : 0, relays);
    }

    private static long seconds() {
        return System.currentTimeMillis() / 1_000;
    }
}
