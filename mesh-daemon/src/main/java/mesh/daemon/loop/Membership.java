package mesh.daemon.loop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.Snapshot;
import mesh.core.Tunables;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.member.Profile;
import mesh.core.wire.SignedVoice;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Addresses;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.AtomicFile;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.KeyFile;
import mesh.daemon.store.NodeKey;
import mesh.daemon.trust.Belonging;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in a mesh: its key, its certificate, its socket and its loop, put together in the background so that
 * the API never waits for them, and taken apart in the reverse order with a farewell. Before the mesh is there its
 * questions have empty answers. Safe on any thread.
 */
public final class Membership implements Rejoin.Place {
    private static final Log log = Log.of(Membership.class);

    /** What is printed at the start: for the machines one person carries a token to within a day. */
    private static final int START_USES = 100;

    private static final long START_MILLIS = 24L * 3_600_000;

    /** Packets on their way out when the socket closes; a farewell that is lost is made up for by probes. */
    private static final long FAREWELL_MILLIS = 100;

    private final Plan plan;
    private final BiFunction<List<String>, Role, Profile> facts;
    private final Orders orders;
    private final Consumer<Unable> unable;
    private final Links links = new Links();
    private final Thread opening;
    private volatile @Nullable Opened opened;
    private volatile @Nullable Rejoin rejoin;
    private volatile @Nullable InLoop inLoop;

    /**
     * What the operator wants of it.
     *
     * @param tokens invites as text
     * @param isEphemeral whether key and certificate are made for this process and never written
     * @param bind where the socket listens; port 0: the one of the last time, or any
     */
    public record Plan(
            Path dataDir, List<String> tokens, boolean isEphemeral, InetSocketAddress bind, Consumer<String> terminal) {
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

    /** What there is without a mesh. */
    private record Opened(NodeKey key, Belonging belonging, QuicEndpoint endpoint) {}

    /** The node's loop and what carries out its effects; there once the node belongs to a mesh. */
    private record InLoop(MeshId mesh, MeshLoop loop, Dispatcher dispatcher) {}

    /**
     * @param facts this node's profile, given its addresses and the role its certificate allows; read on any thread
     * @param unable told at most once, when this node cannot take its place and must end
     */
    public Membership(
            Plan plan, BiFunction<List<String>, Role, Profile> facts, Orders orders, Consumer<Unable> unable) {
        this.plan = plan;
        this.facts = facts;
        this.orders = orders;
        this.unable = unable;
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
            var place = Belonging.open(key, plan.kept("mesh"));
            List<Invite> invites = invites(place);
            if (place.standing().isEmpty() && invites.isEmpty())
                log.info("mesh.founded", "meshId", place.found().hex());
            QuicEndpoint socket = bound(key, place);
            var here = new Opened(key, place, socket);
            links.connect(socket);
            opened = here;
            if (place.isMember()) takePart(here);
            printInvite(here);
            var finder = new Rejoin(place, socket, invites, new LastPeers(plan.kept("state", "peers.json")), this);
            rejoin = finder;
            finder.start();
        } catch (Stranded stranded) {
            unable.accept(stranded.unable);
        } catch (IOException failed) {
            unable.accept(Unable.failed("identity_unusable", "cannot take part in a mesh: " + failed.getMessage()));
        }
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

    /** The tokens, read and checked as far as that can be done here; a mesh that nobody would miss gives way to them. */
    private List<Invite> invites(Belonging place) throws Stranded, IOException {
        var invites = new ArrayList<Invite>();
        for (String token : plan.tokens()) {
            switch (Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis())) {
                case Checked.Good<Invite>(Invite invite) -> invites.add(invite);
                case Checked.Refused<Invite>(Refusal reason) -> {
                    // A member started again with the same command a week later needs its invite no more.
                    if (reason != Refusal.EXPIRED || !place.isMember() || place.isLonelyFounder())
                        throw new Stranded(Unable.refused(reason));
                }
            }
        }
        for (Invite invite : invites) {
            if (place.standing().isEmpty() || belongsTo(place, invite)) continue;
            if (!place.isLonelyFounder()) throw new Stranded(Unable.refused(Refusal.WRONG_MESH));
            place.forget();
        }
        return invites;
    }

    private static boolean belongsTo(Belonging place, Invite invite) {
        return place.standing()
                .map(now -> now.trust().mesh().equals(invite.mesh()))
                .orElse(false);
    }

    /** On the port of the last time if nobody else has it, so that invites and memories of this node stay true. */
    private QuicEndpoint bound(NodeKey key, Belonging place) throws Stranded, IOException {
        Optional<Path> note = plan.kept("state", "quic.port");
        if (plan.bind().getPort() == 0 && note.isPresent() && Files.exists(note.get())) {
            try {
                int port = Integer.parseInt(Files.readString(note.get()).strip());
                return listening(new InetSocketAddress(plan.bind().getAddress(), port), key, place);
            } catch (IOException | IllegalArgumentException takenOrDamaged) {
                log.debug("endpoint.moved", "cause", takenOrDamaged.getClass().getSimpleName());
            }
        }
        try {
            QuicEndpoint socket = listening(plan.bind(), key, place);
            if (note.isPresent())
                AtomicFile.write(
                        note.get(), Integer.toString(socket.address().getPort()).getBytes(StandardCharsets.US_ASCII));
            return socket;
        } catch (IOException unusable) {
            throw new Stranded(Unable.failed(
                    "udp_unusable",
                    "cannot listen on UDP " + Addresses.text(plan.bind())
                            + "; choose another with --bind-port or --bind-ip"));
        }
    }

    private QuicEndpoint listening(InetSocketAddress at, NodeKey key, Belonging place) throws IOException {
        return QuicEndpoint.open(QuicConfig.on(at), key, place, links);
    }

    /** The core's node begins; from here on this node is in the mesh, be it alone. */
    private synchronized InLoop takePart(Opened here) {
        InLoop there = inLoop;
        if (there != null) return there;
        var standing = here.belonging().standing().orElseThrow();
        MeshId mesh = standing.trust().mesh();
        Role role = standing.own().role();
        Profile profile = facts.apply(addresses(here), role);
        Tunables tunables = Tunables.lan();
        var voice =
                new SignedVoice(here.key(), Ed25519Verifier.ED25519, mesh.key().bytes());
        var dispatcher = new Dispatcher(mesh, links, orders);
        var loop = new MeshLoop(
                now -> new Node(
                        voice, tunables, System.currentTimeMillis(), profile, new SecureRandom().nextLong(), now),
                tunables.tickMillis(),
                dispatcher,
                () -> unable.accept(Unable.failed("loop_broke", "the mesh loop met a bug of ours; see mesh logs")));
        var fresh = new InLoop(mesh, loop, dispatcher);
        links.connect(loop);
        loop.start();
        inLoop = fresh;
        return fresh;
    }

    private static List<String> addresses(Opened here) {
        try {
            return Addresses.of(here.endpoint().address()).stream()
                    .map(Addresses::text)
                    .limit(Profile.ADDRESSES_MAX)
                    .toList();
        } catch (SocketException unlisted) {
            log.warn("addresses.unlisted", "cause", unlisted.toString());
            return List.of();
        }
    }

    // Finding the mesh.

    @Override
    public void admitted(NodeId by) {
        Opened here = opened;
        if (here == null) return;
        InLoop part = takePart(here);
        part.dispatcher().admitted();
        part.loop().tell(new Event.Admitted(by));
    }

    @Override
    public void refused(Refusal reason) {
        unable.accept(Unable.refused(reason));
    }

    @Override
    public Optional<Snapshot> snapshot() {
        return loop().map(MeshLoop::snapshot);
    }

    /** Where to put what happens on this node; empty until it is in a mesh. */
    public Optional<MeshLoop> loop() {
        return Optional.ofNullable(inLoop).map(InLoop::loop);
    }

    /** This node's profile as it is now; empty until it is in a mesh. */
    public Optional<Profile> facts() {
        Opened here = opened;
        if (here == null || inLoop == null) return Optional.empty();
        return here.belonging()
                .standing()
                .map(now -> facts.apply(addresses(here), now.own().role()));
    }

    // Invites.

    /** The same invite for as long as it has half its time left and is true, so that a restart does not outdate it. */
    private void printInvite(Opened here) throws IOException {
        List<String> addresses = addresses(here);
        Optional<Invite> still = here.belonging().invites().stream()
                .filter(issued -> !issued.isRevoked() && issued.uses() < START_USES / 2)
                .map(Belonging.Issued::invite)
                .filter(invite -> invite.terms().uses() == START_USES
                        && invite.terms().addresses().equals(addresses)
                        && invite.terms().notAfterMillis() > System.currentTimeMillis() + START_MILLIS / 2)
                .findFirst();
        if (still.isPresent()) created(still.get());
        else invite(Role.SPLIT, START_USES, START_MILLIS);
    }

    /** A new invite to this mesh, at this node; refused where this node may not admit. */
    public Checked<Invite> invite(Role role, int uses, long forMillis) throws IOException {
        Opened here = opened;
        if (here == null) return Checked.refused(Refusal.NO_CREDENTIAL);
        Checked<Invite> fresh =
                here.belonging().invite(role, uses, System.currentTimeMillis() + forMillis, addresses(here));
        if (fresh instanceof Checked.Good<Invite>(Invite invite)) created(invite);
        return fresh;
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

    public List<Belonging.Issued> invites() {
        return Optional.ofNullable(opened)
                .map(here -> here.belonging().invites())
                .orElse(List.of());
    }

    /** Withdraws an invite; false when this node issued none of that number. */
    public boolean revoke(Serial serial) throws IOException {
        Opened here = opened;
        if (here == null || !here.belonging().revoke(serial)) return false;
        log.info("invite.revoked", "invite", serial);
        return true;
    }

    /** Lets the mesh go for good; the node must be closed next. */
    public void forget() throws IOException {
        Opened here = opened;
        if (here != null) here.belonging().forget();
    }

    // Looking.

    /** This node in its mesh, for people. */
    public record View(NodeId node, Optional<MeshId> mesh, Optional<Role> role, List<String> addresses) {}

    /** Empty until the key is read and the socket bound. */
    public Optional<View> view() {
        return Optional.ofNullable(opened).map(here -> {
            var standing = here.belonging().standing();
            return new View(
                    here.key().id(),
                    standing.map(now -> now.trust().mesh()),
                    standing.map(now -> now.own().role()),
                    addresses(here));
        });
    }

    /** How a member is reached now; empty when no connection to it is open. */
    public Optional<Peer.Path> path(NodeId peer) {
        return Optional.ofNullable(opened)
                .flatMap(here -> here.endpoint().peer(peer))
                .flatMap(Peer::path);
    }

    /** Says goodbye and lets the socket go. */
    public void close() throws InterruptedException {
        opening.join();
        Rejoin finder = rejoin;
        if (finder != null) finder.close();
        links.closing();
        InLoop part = inLoop;
        if (part != null) {
            part.loop().close();
            // Closing the socket would overtake the farewell.
            Thread.sleep(FAREWELL_MILLIS);
        }
        Opened here = opened;
        if (here != null) here.endpoint().close();
    }
}
