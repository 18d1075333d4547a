package mesh.daemon.loop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mesh.core.Snapshot;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Revocation;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.id.Signer;
import mesh.core.member.Profile;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Addresses;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Nat;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.quic.Relay;
import mesh.daemon.store.AtomicFile;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.KeyFile;
import mesh.daemon.store.NodeKey;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in a mesh: its key, its certificate, its socket and its loop, put together in the background so that
 * the API never waits for them, and taken apart in the reverse order with a farewell. Before the mesh is there its
 * questions have empty answers. Safe on any thread.
 */
public final class Belonging {
    private static final Log log = Log.of(Belonging.class);

    /** What is printed at the start: for the machines one person carries a token to within a day. */
    private static final int START_USES = 100;

    private static final long START_MILLIS = 24L * 3_600_000;

    private final Plan plan;
    private final Stay.Duty duty;
    private final List<Consumer<QuicEndpoint>> socketUsers = new CopyOnWriteArrayList<>();
    private final Thread opening;
    private volatile Consumer<Snapshot> onChange = snapshot -> {};

    /** Where this node is now; none until its key is read and its socket bound. */
    private volatile @Nullable Stay stay;

    /**
     * What the operator wants of it.
     *
     * @param tokens invites as text
     * @param finder looks for a mesh when there is no invite and no mesh
     * @param isEphemeral whether key and certificate are made for this process and never written
     * @param bind where the socket listens; port 0: the one of the last time, or any
     */
    public record Plan(
            Path dataDir,
            List<String> tokens,
            Optional<Finder> finder,
            boolean isEphemeral,
            InetSocketAddress bind,
            Reach reach,
            Consumer<String> terminal) {
        public Plan {
            tokens = List.copyOf(tokens);
        }

        private Optional<Path> kept(String first, String... more) {
            return isEphemeral ? Optional.empty() : Optional.of(dataDir.resolve(first, more));
        }

        @Override
        public String toString() {
            return "plan of " + dataDir + " with " + tokens.size() + " invites";
        }
    }

    /**
     * @param facts this node's profile, given its addresses and the role its certificate allows; read on any thread
     * @param unable told at most once, when this node cannot take its place and must end
     */
    public Belonging(Plan plan, BiFunction<List<String>, Role, Profile> facts, Orders orders, Consumer<Unable> unable) {
        this.plan = plan;
        this.duty = new Stay.Duty(facts, orders, snapshot -> onChange.accept(snapshot), unable);
        this.opening = Thread.ofVirtual().name("mesh").unstarted(this::open);
    }

    public void start() {
        opening.start();
    }

    private void open() {
        try {
            NodeKey key = plan.isEphemeral()
                    ? NodeKey.fresh()
                    : KeyFile.open(plan.dataDir().resolve("identity", "node.key"));
            MeshFolder folder = folder();
            Membership place = folder.open(key);
            List<Invite> invites = invites(place, key.id());
            if (isAnother(place, invites)) {
                if (!folder.isOfLonelyFounder()) throw new Stranded(Unable.refused(Refusal.WRONG_MESH));
                folder.putAside();
                place = folder.open(key);
            }
            List<Finder.Way> ways = invites.isEmpty() ? ways(place, key.id(), folder) : List.of();
            if (!ways.isEmpty() && place.standing().isPresent()) {
                folder.putAside();
                place = folder.open(key);
            }
            Stay here = settle(key, place);
            if (place.renewsItself(System.currentTimeMillis())) log.info("certificate.renewed", "by", key.id());
            if (!ways.isEmpty()) invites = entered(here, ways);
            if (place.standing().isEmpty() && invites.isEmpty()) place.found();
            if (isMember(place, key.id())) here.takePart();
            goOn(here, invites);
        } catch (Stranded stranded) {
            duty.unable().accept(stranded.unable);
        } catch (IOException failed) {
            duty.unable()
                    .accept(Unable.failed("identity_unusable", "cannot take part in a mesh: " + failed.getMessage()));
        } catch (InterruptedException ending) {
            // Closed while it looked for a mesh.
        }
    }

    private Stay settle(NodeKey key, Membership place) throws Stranded, IOException {
        Stay here = bound(key, place);
        socketUsers.forEach(user -> user.accept(here.endpoint()));
        stay = here;
        return here;
    }

    private void goOn(Stay here, List<Invite> invites) throws IOException {
        printInvite(here);
        here.look(invites, new LastPeers(peersFile()), plan.reach());
    }

    private Optional<Path> peersFile() {
        return plan.kept("state", "peers.json");
    }

    /** What a finder brings, for a node that is in no mesh but one of its own that nobody joined. */
    private List<Finder.Way> ways(Membership place, NodeId self, MeshFolder folder)
            throws Stranded, IOException, InterruptedException {
        boolean isSettled = isMember(place, self) && !folder.isOfLonelyFounder();
        if (plan.finder().isEmpty() || isSettled) return List.of();
        Finder finder = plan.finder().get();
        Optional<MeshId> mine = place.standing().map(now -> now.trust().mesh());
        List<Finder.Way> ways = finder.ways(mine);
        if (ways.isEmpty()) strand(finder);
        return ways;
    }

    private static void strand(Finder finder) throws Stranded {
        Optional<Unable> why = finder.unanswered();
        if (why.isPresent()) throw new Stranded(why.get());
    }

    /** Tries the ways in order, each for a while; answers the invite that let us in, or none where nobody answered. */
    private List<Invite> entered(Stay here, List<Finder.Way> ways) throws Stranded, IOException, InterruptedException {
        Finder finder = plan.finder().orElseThrow();
        for (Finder.Way way : ways) {
            BlockingQueue<Dialled> answer = new ArrayBlockingQueue<>(1);
            here.endpoint().dial(way.invite().issuer(), way.addresses(), Optional.of(way.invite()), answer::add);
            if (answer.poll(finder.patience().toMillis(), TimeUnit.MILLISECONDS)
                    instanceof Dialled.Reached(Peer peer, String observed)) {
                here.admitted(peer.id());
                return List.of(way.invite());
            }
            log.info(
                    "candidate.passed",
                    "meshId",
                    way.invite().mesh().hex(),
                    "peer",
                    way.invite().issuer());
        }
        strand(finder);
        return List.of();
    }

    /** Cannot go on. */
    private static final class Stranded extends Exception {
        private static final long serialVersionUID = 1;

        private final transient Unable unable;

        Stranded(Unable unable) {
            super(unable.message());
            this.unable = unable;
        }
    }

    private MeshFolder folder() {
        return plan.isEphemeral()
                ? MeshFolder.passing(plan.dataDir().resolve("run", "ephemeral-mesh"))
                : MeshFolder.lasting(plan.dataDir().resolve("mesh"));
    }

    /** The tokens, read and checked as far as that can be done here. */
    private List<Invite> invites(Membership place, NodeId self) throws Stranded {
        var invites = new ArrayList<Invite>();
        for (String token : plan.tokens()) {
            switch (Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis())) {
                case Checked.Good<Invite>(Invite invite) -> invites.add(invite);
                case Checked.Refused<Invite>(Refusal reason) -> {
                    // A member started again with the same command a week later needs its invite no more.
                    if (reason != Refusal.EXPIRED || !isMember(place, self)) throw new Stranded(Unable.refused(reason));
                }
            }
        }
        return invites;
    }

    private static boolean isAnother(Membership place, List<Invite> invites) {
        Optional<MeshId> mine = place.standing().map(now -> now.trust().mesh());
        return mine.isPresent()
                && invites.stream().anyMatch(invite -> !invite.mesh().equals(mine.get()));
    }

    /** Whether what this node would show is still good. */
    static boolean isMember(Membership place, NodeId self) {
        return place.standing()
                .map(now ->
                        now.trust().check(now.own(), self, System.currentTimeMillis()) instanceof Checked.Good<Role>)
                .orElse(false);
    }

    /** On the port of the last time if nobody else has it, so that invites and memories of this node stay true. */
    private Stay bound(NodeKey key, Membership place) throws Stranded, IOException {
        Optional<Path> note = plan.kept("state", "quic.port");
        if (plan.bind().getPort() == 0 && note.isPresent() && Files.exists(note.get())) {
            try {
                int port = Integer.parseInt(Files.readString(note.get()).strip());
                return Stay.listening(new InetSocketAddress(plan.bind().getAddress(), port), key, place, duty);
            } catch (IOException | IllegalArgumentException takenOrDamaged) {
                log.debug("endpoint.moved", "cause", takenOrDamaged.getClass().getSimpleName());
            }
        }
        try {
            Stay here = Stay.listening(plan.bind(), key, place, duty);
            if (note.isPresent())
                AtomicFile.write(
                        note.get(),
                        Integer.toString(here.endpoint().address().getPort()).getBytes(StandardCharsets.US_ASCII));
            return here;
        } catch (IOException unusable) {
            throw new Stranded(Unable.failed(
                    "udp_unusable",
                    "cannot listen on UDP " + Addresses.text(plan.bind())
                            + "; choose another with --bind-port or --bind-ip"));
        }
    }

    /** The mesh as this node sees it; empty until it is in one. */
    public Optional<Snapshot> snapshot() {
        return here().flatMap(Stay::snapshot);
    }

    /** {@code told} hears of every new snapshot once others can see it, on the loop's thread; it must not block. */
    public void onChange(Consumer<Snapshot> told) {
        onChange = told;
    }

    private Optional<Stay> here() {
        return Optional.ofNullable(stay);
    }

    /** Where to put what happens on this node; empty until it is in a mesh. */
    public Optional<MeshLoop> loop() {
        return here().flatMap(Stay::loop);
    }

    /** This node's profile as it is now; empty until it is in a mesh. */
    public Optional<Profile> facts() {
        return here().flatMap(Stay::facts);
    }

    // Talking.

    /** {@code told} is given the socket once it is bound, on any thread; to be called before {@link #start}. */
    public void onSocket(Consumer<QuicEndpoint> told) {
        socketUsers.add(told);
    }

    /** Finds the connection to a member, dialling if there is none; answers once, on any thread. */
    public void reach(NodeId node, Consumer<Optional<Peer>> found) {
        here().ifPresentOrElse(there -> there.reach(node, found), () -> found.accept(Optional.empty()));
    }

    /** The same for a thread that may wait; empty also when there is no answer in time. */
    public Optional<Peer> reach(NodeId node, Duration patience) throws InterruptedException {
        BlockingQueue<Optional<Peer>> answer = new ArrayBlockingQueue<>(1);
        reach(node, answer::offer);
        Optional<Peer> found = answer.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        return found == null ? Optional.empty() : found;
    }

    /** How long nothing was heard of a member over an open connection to it; 0 without one. */
    public long silentMillis(NodeId node) {
        return path(node).map(Peer.Path::silentMillis).orElse(0L);
    }

    // Invites.

    /** The same invite for as long as it has half its time left and is true, so that a restart does not outdate it. */
    private void printInvite(Stay here) throws IOException {
        if (here.membership().standing().isEmpty()) return;
        List<String> addresses = here.addresses();
        Optional<Invite> still = here.membership().invites().stream()
                .filter(issued -> !issued.revoked() && issued.used() < START_USES / 2)
                .map(Membership.Issued::invite)
                .filter(invite -> invite.terms().uses() == START_USES
                        && invite.terms().addresses().equals(addresses)
                        && invite.terms().notAfterMillis() > System.currentTimeMillis() + START_MILLIS / 2)
                .findFirst();
        if (still.isPresent()) created(still.get());
        else invite(Role.SPLIT, START_USES, Duration.ofMillis(START_MILLIS));
    }

    /** A new invite to this mesh, at this node; refused where this node may not admit. */
    public Checked<Invite> invite(Role role, int uses, Duration lasts) throws IOException {
        Stay here = stay;
        if (here == null) return Checked.refused(Refusal.NO_CREDENTIAL);
        Checked<Invite> fresh = here.membership().invite(role, uses, lasts, here.reachable());
        if (fresh instanceof Checked.Good<Invite>(Invite invite)) created(invite);
        return fresh;
    }

    /** An invite for a public listing, which is soon outdated by the next: printed nowhere. */
    public Checked<Invite> publicInvite(Role role, Duration lasts) throws IOException {
        Stay here = stay;
        if (here == null) return Checked.refused(Refusal.NO_CREDENTIAL);
        return here.membership().publicInvite(role, lasts, here.reachable());
    }

    private void created(Invite invite) {
        log.info(
                "invite.created",
                "token",
                invite.token(),
                "role",
                invite.terms().role(),
                "expires",
                Instant.ofEpochMilli(invite.terms().notAfterMillis()));
        plan.terminal().accept("Join     mesh --join " + invite.token());
    }

    public List<Membership.Issued> invites() {
        return here().map(there -> there.membership().invites()).orElse(List.of());
    }

    /** Withdraws an invite everywhere; false when this node issued none of that number. */
    public boolean revoke(Serial serial) throws IOException {
        Stay here = stay;
        if (here == null) return false;
        Optional<Invite> ours = invites().stream()
                .map(Membership.Issued::invite)
                .filter(invite -> invite.terms().serial().equals(serial))
                .findFirst();
        if (ours.isEmpty()) return false;
        if (!announced(here, here.membership().revoke(ours.get()))) return false;
        log.info("invite.revoked", "invite", serial);
        return true;
    }

    /** Puts a node out of the mesh, here at once and everywhere as soon as it is heard. */
    public Checked<NodeId> revoke(NodeId member) throws IOException {
        Stay here = stay;
        if (here == null) return Checked.refused(Refusal.NO_CREDENTIAL);
        Checked<Revocation> revoked =
                here.membership().revoke(member, here.endpoint().peer(member).flatMap(Peer::credential));
        if (announced(here, revoked)) log.info("member.revoked", "peer", member);
        return revoked.then(done -> Checked.good(member));
    }

    private static boolean announced(Stay here, Checked<Revocation> revoked) {
        if (!(revoked instanceof Checked.Good<Revocation>(Revocation done))) return false;
        here.announce(done);
        return true;
    }

    // Leaving.

    /** Lets the mesh go for good; the node must be closed next, which says goodbye. */
    public void forget() throws IOException {
        if (stay == null) return;
        if (!plan.isEphemeral()) folder().putAside();
        forgetPeers();
    }

    private void forgetPeers() throws IOException {
        Optional<Path> peers = peersFile();
        if (peers.isPresent()) Files.deleteIfExists(peers.get());
    }

    /** Whether this node is in no mesh, or in one of its own that nobody ever joined. */
    public boolean isAlone() throws IOException {
        boolean isPlaced =
                here().flatMap(there -> there.membership().standing()).isPresent();
        return !isPlaced || folder().isOfLonelyFounder();
    }

    /** What came of the wish to go over to another mesh. */
    public sealed interface Move {
        record Done(MeshId mesh) implements Move {}

        record Refused(Refusal reason) implements Move {}

        /** Nobody answered in time. */
        record Unreached() implements Move {}
    }

    /**
     * Goes over to the mesh of an invite as soon as a member of it has let this node in, and puts the present membership
     * aside; until then, and when it is refused, nothing changes. Waits for the answer.
     */
    public synchronized Move move(Invite invite) throws IOException, InterruptedException {
        opening.join();
        Stay left = stay;
        if (left == null) return new Move.Refused(Refusal.NO_CREDENTIAL);
        MeshFolder next = MeshFolder.passing(plan.dataDir().resolve("run", "next-mesh"));
        Move asked = ask(invite, left.key(), next.open(left.key()));
        if (!(asked instanceof Move.Done)) {
            next.end();
            return asked;
        }
        if (next.reopen(left.key()).standing().isEmpty()) throw new IOException("the certificate is not on disk");
        goOver(left, next, invite);
        return asked;
    }

    /** At the other mesh's door, from a socket of its own: this node stays where it is meanwhile. */
    private Move ask(Invite invite, NodeKey key, Membership place) throws IOException, InterruptedException {
        Stay door = Stay.listening(new InetSocketAddress(plan.bind().getAddress(), 0), key, place, duty);
        try {
            BlockingQueue<Dialled> answer = new ArrayBlockingQueue<>(1);
            door.endpoint().join(invite, answer::add);
            return switch (answer.poll(Rejoin.DIAL_MILLIS, TimeUnit.MILLISECONDS)) {
                case Dialled.Reached reached -> new Move.Done(invite.mesh());
                case Dialled.Refused(Refusal reason) -> new Move.Refused(reason);
                case Dialled.Unreachable unreachable -> new Move.Unreached();
                case null -> new Move.Unreached();
            };
        } finally {
            door.close();
            place.awaitWritten();
        }
    }

    private void goOver(Stay left, MeshFolder next, Invite invite) throws IOException, InterruptedException {
        stay = null;
        left.close();
        log.info("mesh.left", "for", invite.mesh().hex());
        MeshFolder folder = folder();
        folder.putAside();
        folder.takeOver(next);
        forgetPeers();
        try {
            Stay here = settle(left.key(), folder.reopen(left.key()));
            here.takePart();
            goOn(here, List.of(invite));
        } catch (Stranded stranded) {
            duty.unable().accept(stranded.unable);
        }
    }

    // Looking.

    /** This node in its mesh, for people. */
    public record View(NodeId node, Optional<MeshId> mesh, Optional<Role> role, List<String> addresses, Nat nat) {}

    /** Empty until the key is read and the socket bound. */
    public Optional<View> view() {
        return here().map(Stay::view);
    }

    /** This node's own key, to sign with; empty until it is read. */
    public Optional<Signer> signer() {
        return here().map(Stay::key);
    }

    /** How many that may only ask are connected here. */
    public int clients() {
        return (int) connections().filter(peer -> peer.role() == Role.CLIENT).count();
    }

    /** Everybody who is connected now, those included who are in no gossip. */
    public List<NodeId> connected() {
        return connections().map(Peer::id).toList();
    }

    private Stream<Peer> connections() {
        return here().stream().flatMap(there -> there.endpoint().peers().stream());
    }

    /** What this node does as a relay for others: pairs now, the rest since its start. */
    public Map<String, Long> carried() {
        Stay here = stay;
        if (here == null) return Map.of();
        Relay.Carried done = here.endpoint().carried();
        var counts = new TreeMap<String, Long>();
        counts.put("pairs", (long) done.pairs());
        counts.put("packets", done.packets());
        counts.put("bytes", done.bytes());
        counts.put("droppedPackets", done.droppedPackets());
        return counts;
    }

    /** How often peers and strangers were refused, by reason. */
    public Map<String, Long> refused() {
        return here().map(Stay::refused).orElse(Map.of());
    }

    /** How a member is reached now; empty when no connection to it is open. */
    public Optional<Peer.Path> path(NodeId peer) {
        return here().flatMap(there -> there.endpoint().peer(peer)).flatMap(Peer::path);
    }

    /** Says goodbye and lets the socket go. */
    public void close() throws InterruptedException, IOException {
        if (plan.finder().isPresent()) opening.interrupt();
        opening.join();
        Stay here = stay;
        if (here != null) here.close();
        folder().end();
    }
}
