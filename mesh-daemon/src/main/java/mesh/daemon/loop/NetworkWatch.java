package mesh.daemon.loop;

import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Addresses;
import mesh.daemon.quic.QuicEndpoint;

/**
 * Looks whether this machine has moved to another network, and keeps what depends on where it is: the connections to the
 * relays that were named, and what STUN servers say. Called a few times a second by the thread of {@link Rejoin}.
 */
final class NetworkWatch {
    private static final Log log = Log.of(NetworkWatch.class);

    /** A NAT that forgets says so by its next answer; public servers are not asked more often than that is worth. */
    private static final long STUN_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** A named relay that restarts is back by then. */
    private static final long RELAY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final QuicEndpoint endpoint;
    private final Reach reach;
    private List<InetSocketAddress> addresses;
    private long nextStunNanos = System.nanoTime();
    private long nextRelayNanos = System.nanoTime();

    NetworkWatch(QuicEndpoint endpoint, Reach reach) {
        this.endpoint = endpoint;
        this.reach = reach;
        this.addresses = addresses();
        endpoint.relays(reach.relays().stream().map(Reach.NamedRelay::id).toList());
    }

    private List<InetSocketAddress> addresses() {
        try {
            return Addresses.of(endpoint.address());
        } catch (SocketException unlisted) {
            return List.of();
        }
    }

    /** Whether the network is another one since the last look. */
    boolean hasChanged() {
        List<InetSocketAddress> now = addresses();
        boolean isOther = !now.equals(addresses);
        if (isOther) {
            log.info(
                    "network.changed",
                    "addresses",
                    now.stream().map(Addresses::text).toList());
            addresses = now;
            endpoint.networkChanged();
            nextStunNanos = System.nanoTime();
            nextRelayNanos = System.nanoTime();
        }
        return isOther;
    }

    /** Asks where this node is seen from outside, when it is time. Looks names up, which may take a while. */
    void askStun() {
        if (reach.stunServers().isEmpty() || System.nanoTime() - nextStunNanos < 0) return;
        nextStunNanos = System.nanoTime() + STUN_NANOS;
        List<InetSocketAddress> servers = reach.stunServers().stream()
                .map(server -> new InetSocketAddress(server.host(), server.port()))
                .filter(server -> !server.isUnresolved())
                .toList();
        if (servers.isEmpty()) log.warn("stun.unresolved", "servers", reach.stunServers());
        endpoint.askStun(servers);
    }

    /** Connects to those that are to carry this node's packets if it comes to that. */
    void holdRelays() {
        if (System.nanoTime() - nextRelayNanos < 0) return;
        nextRelayNanos = System.nanoTime() + RELAY_NANOS;
        for (Reach.NamedRelay relay : reach.relays()) hold(relay.id(), relay.addresses());
    }

    private void hold(NodeId relay, List<InetSocketAddress> at) {
        if (endpoint.peer(relay).isEmpty()) endpoint.dial(relay, at, Optional.empty(), outcome -> {});
    }
}
