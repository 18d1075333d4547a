package mesh.daemon.loop;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import mesh.core.Event;
import mesh.core.id.NodeId;
import mesh.core.wire.Codec;
import mesh.core.wire.Decoded;
import mesh.core.wire.Message;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Addresses;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.PeerListener;
import mesh.daemon.quic.QuicEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * Messages between the loop and the peers' connections. To a peer that is not connected it dials and holds a few
 * messages meanwhile; to one that does not answer it drops them, which gossip is made for. Sends come from the loop,
 * everything else from the endpoint's thread; the lock is {@code waiting}, held for moments only.
 */
final class Links implements PeerListener {
    private static final Log log = Log.of(Links.class);

    /** A probe, its helpers' questions and a round of news; what is older is worthless by the time of an answer. */
    private static final int HELD_MESSAGES = 16;

    /** A node that just did not answer is not asked again with every message. */
    private static final long REST_NANOS = 1_000_000_000L;

    /** Clumsiness of another version passes; whoever goes on is not worth listening to. */
    private static final int REJECTED_MAX = 64;

    private final Map<NodeId, Held> waiting = new HashMap<>();
    private final Map<NodeId, Integer> rejected = new HashMap<>();
    private final LongAdder rejectedMessages = new LongAdder();
    private volatile @Nullable MeshLoop loop;
    private volatile @Nullable Withdrawals withdrawals;
    private volatile @Nullable QuicEndpoint endpoint;
    private volatile Function<NodeId, List<InetSocketAddress>> book = nobody -> List.of();
    private volatile boolean isClosing;

    /** What waits for one peer. */
    private static final class Held {
        final ArrayDeque<Message> messages = new ArrayDeque<>();
        final Set<InetSocketAddress> dialled = new HashSet<>();
        boolean isDialling;
        long restsUntilNanos = System.nanoTime();

        boolean isOver() {
            return !isDialling && System.nanoTime() - restsUntilNanos > 0;
        }
    }

    /** The two ends, each of which needs this one to be made first. */
    void connect(QuicEndpoint to) {
        endpoint = to;
    }

    void connect(MeshLoop to) {
        loop = to;
    }

    /** Where members say that they are reached, asked from any thread. */
    void connect(Function<NodeId, List<InetSocketAddress>> to) {
        book = to;
    }

    void connect(Withdrawals to) {
        withdrawals = to;
    }

    void closing() {
        isClosing = true;
    }

    long rejectedMessages() {
        return rejectedMessages.sum();
    }

    /** Sends behind whatever was sent to the same peer before. */
    void send(NodeId to, Message message, Function<NodeId, List<InetSocketAddress>> addresses) {
        QuicEndpoint through = endpoint;
        if (through == null) return;
        List<InetSocketAddress> candidates;
        synchronized (waiting) {
            Optional<Peer> peer = through.peer(to);
            Held held = waiting.get(to);
            if (peer.isPresent() && (held == null || held.messages.isEmpty())) {
                waiting.remove(to);
                post(peer.get(), message);
                return;
            }
            if (held == null) {
                held = new Held();
                waiting.put(to, held);
            }
            if (!held.isDialling && System.nanoTime() - held.restsUntilNanos < 0) return;
            if (held.messages.size() == HELD_MESSAGES) held.messages.removeFirst();
            held.messages.addLast(message);
            candidates = addresses.apply(to).stream().filter(held.dialled::add).toList();
            // New addresses join a dial under way; known ones are not tried twice at once.
            if (held.isDialling && candidates.isEmpty()) return;
            held.isDialling = true;
        }
        through.dial(to, candidates, Optional.empty(), outcome -> dialled(to, outcome));
    }

    /** Lets go of a member that the mesh has given up, so that whoever waits for it hears of it at once. */
    void drop(NodeId lost) {
        QuicEndpoint through = endpoint;
        if (through != null) through.peer(lost).ifPresent(peer -> peer.drop("lost"));
    }

    private void dialled(NodeId to, Dialled outcome) {
        switch (outcome) {
            case Dialled.Reached(Peer peer, String observed) -> release(peer);
            case Dialled.Refused(var reason) -> unreached(to, reason.code());
            case Dialled.Unreachable(String reason) -> unreached(to, reason);
        }
    }

    private void unreached(NodeId to, String reason) {
        log.debug("peer.unreached", "peer", to, "reason", reason);
        synchronized (waiting) {
            Held held = waiting.get(to);
            if (held == null) return;
            held.messages.clear();
            held.dialled.clear();
            held.isDialling = false;
            held.restsUntilNanos = System.nanoTime() + REST_NANOS;
            // Most of those that do not answer never will, and whose rest is over has nothing left to be held.
            waiting.values().removeIf(Held::isOver);
        }
    }

    /** How many nodes are being dialled, or rest after a dial that failed. */
    int unreached() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    private void release(Peer peer) {
        synchronized (waiting) {
            Held held = waiting.remove(peer.id());
            if (held != null) for (Message each : held.messages) post(peer, each);
        }
    }

    private static void post(Peer peer, Message message) {
        peer.post(streamOf(message), Codec.encode(message));
    }

    @Override
    public List<InetSocketAddress> addresses(NodeId peer) {
        return book.apply(peer);
    }

    @Override
    public void peerUp(Peer peer) {
        release(peer);
        Withdrawals told = withdrawals;
        if (told != null) told.met(peer);
    }

    @Override
    public void peerDown(Peer peer, String reason) {
        rejected.remove(peer.id());
        MeshLoop told = loop;
        if (told != null && !isClosing) told.tell(new Event.PeerDown(peer.id()));
    }

    @Override
    public void message(Peer peer, StreamType type, byte[] message) {
        switch (Codec.decode(message)) {
            case Decoded.Accepted(Message read) when streamOf(read) == type -> hear(peer, read);
            case Decoded.Accepted misplaced -> reject(peer, "message on another's stream");
            case Decoded.Rejected(String reason) -> reject(peer, reason);
        }
    }

    private void hear(Peer peer, Message message) {
        if (message instanceof Message.Revoking aboutTrust) {
            Withdrawals told = withdrawals;
            if (told != null) told.heard(peer, aboutTrust);
            return;
        }
        MeshLoop told = loop;
        if (told != null) told.hear(new Event.Received(peer.id(), message));
    }

    private void reject(Peer peer, String reason) {
        rejectedMessages.increment();
        log.debug("message.rejected", "peer", peer.id(), "reason", reason);
        if (rejected.merge(peer.id(), 1, Integer::sum) > REJECTED_MAX) peer.drop("garbage");
    }

    /** Gossip takes a member's certificate, routes and revocations do not, and the stream's type is what the endpoint checks. */
    private static StreamType streamOf(Message message) {
        return switch (message) {
            case Message.Gossip gossip -> StreamType.GOSSIP;
            case Message.RouteRequest request -> StreamType.ROUTE;
            case Message.RouteTable table -> StreamType.ROUTE;
            case Message.RouteNews news -> StreamType.ROUTE;
            case Message.Revoking aboutTrust -> StreamType.TRUST;
        };
    }

    /** Addresses as members tell them; those that are none are passed over. */
    static List<InetSocketAddress> parsed(List<String> addresses) {
        return addresses.stream()
                .flatMap(text -> Addresses.parse(text).stream())
                .toList();
    }
}
