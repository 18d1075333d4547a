package mesh.daemon.loop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.Snapshot;
import mesh.core.Tunables;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.MeshLicence;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Revocation;
import mesh.core.id.Role;
import mesh.core.member.Profile;
import mesh.core.wire.SignedVoice;
import mesh.daemon.quic.Addresses;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Doorkeeper;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.NodeKey;
import org.jspecify.annotations.Nullable;

/**
 * One node's time in one mesh, or at its door: the certificate, the socket and the loop, taken apart in the reverse order
 * with a farewell. Safe on any thread.
 */
final class Stay implements Rejoin.Place {
    /** Peers on a bad link have read by then; a farewell that is lost is made up for by probes. */
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    private final NodeKey key;
    private final Membership membership;
    private final Duty duty;
    private final Links links;
    private final QuicEndpoint endpoint;
    private final Withdrawals withdrawals;
    private volatile @Nullable Rejoin rejoin;
    private volatile @Nullable InLoop inLoop;

    /**
     * What a node is and does in whatever mesh it is.
     *
     * @param facts its profile, given its addresses and the role its certificate allows
     * @param changed told of every new snapshot
     * @param unable told when it cannot take its place
     */
    record Duty(
            BiFunction<List<String>, Role, Profile> facts,
            Orders orders,
            Consumer<Snapshot> changed,
            Consumer<Unable> unable) {}

    /** The node's loop and what carries out its effects; there once the node belongs to the mesh. */
    private record InLoop(MeshLoop loop, Dispatcher dispatcher) {}

    private Stay(NodeKey key, Membership membership, Duty duty, Links links, QuicEndpoint endpoint) {
        this.key = key;
        this.membership = membership;
        this.duty = duty;
        this.links = links;
        this.endpoint = endpoint;
        this.withdrawals = new Withdrawals(membership, endpoint, this::loop);
        links.connect(endpoint);
        links.connect(withdrawals);
    }

    /** Binds the socket, which from then on answers. */
    static Stay listening(InetSocketAddress at, NodeKey key, Membership place, Duty duty) throws IOException {
        var links = new Links();
        var stay = new Stay(key, place, duty, links, QuicEndpoint.open(QuicConfig.on(at), key, place, links));
        stay.withdrawals.start();
        return stay;
    }

    /** Begins to look for the way in, or back in, and never ceases. */
    void look(List<Invite> invites, LastPeers known, Reach reach) {
        var finder = new Rejoin(membership, endpoint, invites, known, new NetworkWatch(endpoint, reach), this);
        rejoin = finder;
        finder.start();
    }

    /** The core's node begins; from here on this node is in the mesh, be it alone. */
    synchronized void takePart() {
        if (inLoop != null) return;
        var standing = membership.standing().orElseThrow();
        MeshId mesh = standing.trust().mesh();
        Profile profile = duty.facts().apply(addresses(), standing.own().role());
        Tunables tunables = Tunables.lan();
        Supplier<Doorkeeper.Standing> latest = () -> membership.standing().orElse(standing);
        var licence =
                new MeshLicence(() -> latest.get().trust(), () -> latest.get().own());
        var voice = new SignedVoice(key, Ed25519Verifier.ED25519, mesh.key().bytes(), licence);
        var dispatcher = new Dispatcher(mesh, links, duty.orders(), duty.changed());
        var loop = new MeshLoop(
                now -> new Node(
                        voice, tunables, System.currentTimeMillis(), profile, new SecureRandom().nextLong(), now),
                tunables.tickMillis(),
                dispatcher,
                () -> duty.unable()
                        .accept(Unable.failed("loop_broke", "the mesh loop met a bug of ours; see mesh logs")));
        links.connect(loop);
        loop.start();
        inLoop = new InLoop(loop, dispatcher);
    }

    @Override
    public void admitted(NodeId by) {
        takePart();
        Optional.ofNullable(inLoop).ifPresent(part -> {
            part.dispatcher().admitted();
            part.loop().tell(new Event.Admitted(by));
        });
    }

    @Override
    public void refused(Refusal reason) {
        duty.unable().accept(Unable.refused(reason));
    }

    @Override
    public Optional<Snapshot> snapshot() {
        return loop().map(MeshLoop::snapshot);
    }

    Optional<MeshLoop> loop() {
        return Optional.ofNullable(inLoop).map(InLoop::loop);
    }

    NodeKey key() {
        return key;
    }

    Membership membership() {
        return membership;
    }

    QuicEndpoint endpoint() {
        return endpoint;
    }

    /** Where others reach this node. */
    List<InetSocketAddress> reachable() {
        return endpoint.reachable().stream().limit(Profile.ADDRESSES_MAX).toList();
    }

    List<String> addresses() {
        return reachable().stream().map(Addresses::text).toList();
    }

    /** This node's profile as it is now; empty until it is in the mesh. */
    Optional<Profile> facts() {
        if (inLoop == null) return Optional.empty();
        return membership
                .standing()
                .map(now -> duty.facts().apply(addresses(), now.own().role()));
    }

    Belonging.View view() {
        var standing = membership.standing();
        return new Belonging.View(
                key.id(),
                standing.map(now -> now.trust().mesh()),
                standing.map(now -> now.own().role()),
                addresses(),
                endpoint.nat());
    }

    /** Finds the connection to a member, dialling if there is none; answers once, on any thread. */
    void reach(NodeId node, Consumer<Optional<Peer>> found) {
        Optional<Peer> peer = endpoint.peer(node);
        if (peer.isPresent()) {
            found.accept(peer);
            return;
        }
        // Of the lost as well: whoever looks for one has a reason.
        List<InetSocketAddress> addresses = Optional.ofNullable(inLoop)
                .map(part -> part.dispatcher().addresses(node))
                .orElse(List.of());
        endpoint.dial(
                node,
                addresses,
                Optional.empty(),
                outcome -> found.accept(
                        outcome instanceof Dialled.Reached(Peer reached, String observed)
                                ? Optional.of(reached)
                                : Optional.empty()));
    }

    /** Tells everybody; whoever was away is told when it comes back. */
    void announce(Revocation revocation) {
        withdrawals.announce(revocation);
    }

    /** How often peers and strangers were refused, by reason. */
    Map<String, Long> refused() {
        var counts = new TreeMap<>(endpoint.faults().snapshot());
        counts.put("message_rejected", links.rejectedMessages());
        loop().ifPresent(busy -> counts.put("message_dropped", busy.dropped()));
        counts.put("revocation_dropped", withdrawals.dropped());
        counts.values().removeIf(count -> count == 0);
        return counts;
    }

    /** Says goodbye and lets the socket go. */
    void close() throws InterruptedException {
        Rejoin finder = rejoin;
        if (finder != null) finder.close();
        withdrawals.close();
        links.closing();
        InLoop part = inLoop;
        if (part != null) part.loop().close();
        // Closing the socket would overtake the farewell.
        endpoint.drain(FAREWELL);
        endpoint.close();
    }
}
