package mesh.daemon.quic;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;

/**
 * Looks for better ways to peers that are reached already: away from a relay, into the same building. Tries soon, then
 * ever more rarely, and at once when the peer names a new address or this node's network changed. Says of ways that peers
 * took what they are. Owned by the endpoint's loop.
 */
final class PathKeeper {
    /** Behind the tries that were part of the first meeting. */
    private static final long REST_NANOS_MIN = TimeUnit.SECONDS.toNanos(5);

    /** A firewall that somebody opens is found while that person still looks. */
    private static final long REST_NANOS_MAX = TimeUnit.MINUTES.toNanos(5);

    private final QuicEndpoint endpoint;
    private final Map<NodeId, Search> searches = new HashMap<>();
    private List<Addresses.Network> networks = List.of();

    private static final class Search {
        Set<InetSocketAddress> tried = Set.of();
        long restNanos = REST_NANOS_MIN;
        long nextNanos;

        Search(long nowNanos) {
            nextNanos = nowNanos + REST_NANOS_MIN;
        }
    }

    PathKeeper(QuicEndpoint endpoint) {
        this.endpoint = endpoint;
        readNetworks();
    }

    /** Called by the endpoint's clock. */
    void tick(long nowNanos) {
        searches.keySet().removeIf(peer -> endpoint.peer(peer).isEmpty());
        for (Peer peer : endpoint.peers()) {
            PathKind now = peer.primary().map(Connection::kind).orElse(PathKind.LAN);
            if (now == PathKind.LAN) searches.remove(peer.id());
            else look(peer, now, nowNanos);
        }
    }

    private void look(Peer peer, PathKind now, long nowNanos) {
        var search = searches.computeIfAbsent(peer.id(), first -> new Search(nowNanos));
        List<InetSocketAddress> better = better(peer, now);
        boolean isNews = !search.tried.containsAll(better);
        if ((!isNews && nowNanos - search.nextNanos < 0) || (better.isEmpty() && now.isDirect())) return;
        search.restNanos = isNews ? REST_NANOS_MIN : Math.min(2 * search.restNanos, REST_NANOS_MAX);
        search.nextNanos = nowNanos + search.restNanos;
        search.tried = new HashSet<>(better);
        endpoint.improve(peer.id(), better, !now.isDirect());
    }

    /** Private addresses are everywhere the same, so one is tried from afar only when nothing else leads there. */
    private List<InetSocketAddress> better(Peer peer, PathKind now) {
        return endpoint.listener().addresses(peer.id()).stream()
                .filter(address -> PathKind.to(address).rank() > now.rank())
                .filter(address -> !now.isDirect() || isNear(address.getAddress()))
                .toList();
    }

    private boolean isNear(InetAddress address) {
        for (Addresses.Network each : networks) if (each.has(address)) return true;
        return false;
    }

    /**
     * By which way a peer came that dialled us. What it says decides between direct ways only: whether a way is a detour
     * is plain to see. A NAT's address is one of ours that no interface has; who came in there while we were knocking or
     * dialling out came in by that.
     */
    PathKind cameBy(Connection connection, String dialled) {
        if (Detours.isDetour(connection.address())) return PathKind.RELAYED;
        Optional<InetSocketAddress> door = Addresses.parse(dialled);
        if (door.isPresent() && PathKind.to(door.get()) == PathKind.LAN) return PathKind.LAN;
        NodeId from = connection.remote();
        boolean isOurs = door.isPresent() && isOwn(door.get().getAddress());
        boolean isPunched = endpoint.meetings().isHeard(from, connection.address())
                || (!isOurs && (endpoint.meetings().isWith(from) || endpoint.isDialling(from)));
        return isPunched ? PathKind.PUNCHED : PathKind.PUBLIC;
    }

    private boolean isOwn(InetAddress address) {
        return networks.stream().anyMatch(each -> each.own().equals(address));
    }

    private void readNetworks() {
        try {
            networks = Addresses.networks();
        } catch (SocketException unlisted) {
            networks = List.of();
        }
    }

    /** The network is another one: all is to be tried again. */
    void reset(long nowNanos) {
        readNetworks();
        searches.clear();
        tick(nowNanos);
    }
}
