package mesh.daemon.tunnel;

import io.netty.util.concurrent.Future;
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

    private final QuicEndpoint endpoint;
    private final RpcTunnels.Ties ties;
    private final Map<NodeId, Watched> peers = new HashMap<>();
    private @Nullable Future<?> clock;

    private static final class Watched {
        final Set<RpcTunnel> tunnels = new LinkedHashSet<>();

        @Nullable
        Vacancy vacancy;
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

    private void ring() {
        for (NodeId id : List.copyOf(peers.keySet())) {
            Watched watched = peers.get(id);
            if (watched != null) ring(id, watched);
        }
    }

    private void ring(NodeId id, Watched watched) {
        Optional<Peer.Path> path = endpoint.peer(id).flatMap(Peer::path);
        path.ifPresent(known -> follow(watched, known));
        Vacancy vacancy = watched.vacancy;
        if (vacancy == null) return;
        long refusedMillis = vacancy.refusedMillis();
        boolean isHeard = path.isPresent() && path.get().silentMillis() < refusedMillis;
        if (isHeard) vacancy.forget();
        if (refusedMillis >= 0 && !isHeard) gone(id, watched);
        else vacancy.ring();
    }

    /** Behind a NAT that was punched a refusal would be the NAT's, and a relayed path has no address. */
    private void follow(Watched watched, Peer.Path path) {
        Vacancy now = watched.vacancy;
        boolean isPlain = path.kind() == PathKind.LAN || path.kind() == PathKind.PUBLIC;
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
