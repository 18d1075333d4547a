package mesh.daemon.tunnel;

import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.daemon.quic.PathKind;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.quic.Vacancy;
import org.jspecify.annotations.Nullable;

/**
 * The RPC connections that stand, peer by peer, and whether the peers' programs do: a way that is silent is waited for,
 * but a program whose system says that it is gone will not come back, so its connections are broken off at once. Owned by
 * the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // The clock ends with the loop.
final class Standing {
    /** Callers of a killed worker's model are to hear of it within a second; this is the least part of it. */
    private static final long RING_MILLIS = 100;

    /** Within this a program that lives answers over the path it has, on a busy machine and from another continent. */
    private static final long ANSWER_MILLIS = 400;

    /** Between two rings among what is said; a prompt's data leaves more often. */
    private static final long AMONG_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private final QuicEndpoint endpoint;
    private final RpcTunnels.Ties ties;
    private final Map<NodeId, Watched> peers = new HashMap<>();
    private @Nullable Future<?> clock;

    private static final class Watched {
        final Set<RpcTunnel> tunnels = new LinkedHashSet<>();

        @Nullable
        Vacancy vacancy;

        long rungNanos = System.nanoTime();

        /** Where a firewall refuses strangers in the name of a program that lives. */
        @Nullable
        InetSocketAddress guarded;
    }

    Standing(QuicEndpoint endpoint, RpcTunnels.Ties ties) {
        this.endpoint = endpoint;
        this.ties = ties;
        endpoint.onClosed(() -> {
            for (Watched each : List.copyOf(peers.values())) breakOff(each, LineEnd.RESET);
        });
    }

    void add(RpcTunnel tunnel) {
        Watched watched = peers.get(tunnel.peer());
        if (watched == null) {
            var fresh = new Watched();
            watched = fresh;
            peers.put(tunnel.peer(), fresh);
            endpoint.peer(tunnel.peer()).flatMap(Peer::path).ifPresent(path -> follow(fresh, path));
            ties.tied(tunnel.peer(), true);
        }
        watched.tunnels.add(tunnel);
        if (clock == null)
            clock = endpoint.loop().scheduleAtFixedRate(this::ring, RING_MILLIS, RING_MILLIS, TimeUnit.MILLISECONDS);
    }

    void remove(RpcTunnel tunnel) {
        Watched watched = peers.get(tunnel.peer());
        if (watched == null || !watched.tunnels.remove(tunnel) || !watched.tunnels.isEmpty()) return;
        peers.remove(tunnel.peer());
        if (watched.vacancy != null) watched.vacancy.close();
        ties.tied(tunnel.peer(), false);
        if (!peers.isEmpty() || clock == null) return;
        clock.cancel(false);
        clock = null;
    }

    /**
     * A peer was told something. Linux refuses six packets at once for a program that is gone, and then one a second: a
     * ring goes behind the few packets of a token, so that it is among the six and keeps none of them waiting.
     */
    void spoke(NodeId id) {
        Watched watched = peers.get(id);
        if (watched == null || watched.vacancy == null || watched.vacancy.refusedMillis() >= 0) return;
        long nowNanos = System.nanoTime();
        if (nowNanos - watched.rungNanos < AMONG_NANOS) return;
        watched.rungNanos = nowNanos;
        watched.vacancy.ring();
    }

    private void ring() {
        for (NodeId id : List.copyOf(peers.keySet())) {
            Watched watched = peers.get(id);
            if (watched != null) ring(id, watched);
        }
    }

    private void ring(NodeId id, Watched watched) {
        Optional<Peer> peer = endpoint.peer(id);
        Optional<Peer.Path> path = peer.flatMap(Peer::path);
        path.ifPresent(known -> follow(watched, known));
        Vacancy vacancy = watched.vacancy;
        if (vacancy == null) return;
        long refusedMillis = vacancy.refusedMillis();
        if (refusedMillis < 0) {
            vacancy.ring();
        } else if (path.isPresent() && path.get().silentMillis() < refusedMillis) {
            watched.guarded = vacancy.at();
            watched.vacancy = null;
            vacancy.close();
        } else if (refusedMillis > ANSWER_MILLIS) {
            gone(id, watched);
        } else peer.ifPresent(Peer::ask);
    }

    /** Behind a NAT that was punched a refusal would be the NAT's, and a relayed path has no address. */
    private void follow(Watched watched, Peer.Path path) {
        Vacancy now = watched.vacancy;
        boolean isPlain = (path.kind() == PathKind.LAN || path.kind() == PathKind.PUBLIC)
                && !path.address().equals(watched.guarded);
        if (isPlain && now != null && now.at().equals(path.address())) return;
        if (now != null) now.close();
        watched.vacancy =
                isPlain ? new Vacancy(endpoint.loop(), endpoint.address().getAddress(), path.address()) : null;
    }

    private void gone(NodeId id, Watched watched) {
        breakOff(watched, LineEnd.VACANT);
        endpoint.peer(id).ifPresent(peer -> peer.drop("vacant"));
    }

    private static void breakOff(Watched watched, LineEnd why) {
        for (RpcTunnel each : List.copyOf(watched.tunnels)) each.line().breakOff(why);
    }
}
