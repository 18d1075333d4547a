package mesh.daemon.tunnel;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Peer;
import org.jspecify.annotations.Nullable;

/**
 * Tunnels to rpc-servers: like {@link Tunnels}, but each frame is held to the protocol on both ends, and the worker's
 * end connects only for the host, the model and the tunnel that a lease names. Methods may be called from any thread
 * unless they say otherwise.
 */
public final class RpcTunnels {
    private static final Log log = Log.of(RpcTunnels.class);

    private static final byte HEAD_VERSION = 1;
    private static final int TUNNEL_ID_BYTES = Long.BYTES;

    private final Tunnels tunnels;
    private final SecureRandom random = new SecureRandom();
    private final Map<ModelRef, Lease> leases = new ConcurrentHashMap<>();

    public RpcTunnels(EventLoop loop) {
        this.tunnels = new Tunnels(loop);
    }

    /** The worker's side of a split: who may speak to which rpc-server. Ends with {@link #close}. */
    public final class Lease implements AutoCloseable {
        private final ModelRef model;
        private final NodeId host;
        private final RpcLimits limits;
        private final Optional<KnownFile> file;
        private final Supplier<Optional<InetSocketAddress>> server;
        private final Meter meter = new Meter();

        /** Numbers grow, so a later one is a later attempt of the same host; owned by the loop. */
        private @Nullable Long tunnel;

        private Lease(
                ModelRef model,
                NodeId host,
                RpcLimits limits,
                Optional<KnownFile> file,
                Supplier<Optional<InetSocketAddress>> server) {
            this.model = model;
            this.host = host;
            this.limits = limits;
            this.file = file;
            this.server = server;
        }

        public Meter meter() {
            return meter;
        }

        /** No new connection is let through; those that run end with their rpc-server. */
        @Override
        public void close() {
            leases.remove(model, this);
        }
    }

    /**
     * Lets {@code host} reach the server of a model; replaces an earlier lease of the model.
     *
     * @param file of the model here, from which the host may name bytes
     */
    public Lease lend(
            ModelRef model,
            NodeId host,
            RpcLimits limits,
            Optional<KnownFile> file,
            Supplier<Optional<InetSocketAddress>> server) {
        var lease = new Lease(model, host, limits, file, server);
        leases.put(model, lease);
        return lease;
    }

    /** Serves a stream that a host opened. On the endpoint's loop. */
    public void answer(Peer peer, QuicStreamChannel stream) {
        tunnels.admit(stream, head -> admit(peer, head));
    }

    private Tunnels.Answer admit(Peer peer, byte[] head) {
        Head asked = Head.read(head).orElse(null);
        if (asked == null) return refused(peer, "malformed head");
        Lease lease = leases.get(asked.model);
        if (lease == null) return refused(peer, "no lease of " + asked.model);
        if (!lease.host.equals(peer.id())) return refused(peer, "lease is another's");
        Optional<InetSocketAddress> server = lease.server.get();
        if (server.isEmpty()) return refused(peer, "server not up");
        if (lease.tunnel != null
                && lease.tunnel != asked.tunnel
                && lease.meter.read().open() > 0) return refused(peer, "another tunnel is open");
        lease.tunnel = asked.tunnel;
        return new Tunnels.Answer.To(
                server.get(), lease.meter, new RpcCarrier(new Conversation(lease.limits), false, lease.file));
    }

    private static Tunnels.Answer refused(Peer peer, String why) {
        log.debug("rpc.refused", "peer", peer.id(), "reason", why);
        return new Tunnels.Answer.Refused();
    }

    /**
     * Opens a port on loopback behind which stands the worker's rpc-server. A peer that may not take part in splits gets
     * no tensors either. Blocks until bound.
     *
     * @param file of the model here: what the worker has of it is not sent
     */
    public Tunnels.Entry enter(
            ModelRef model, RpcLimits limits, Optional<KnownFile> file, Supplier<Optional<Peer>> worker)
            throws IOException {
        byte[] head = new Head(model, random.nextLong()).bytes();
        var local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return tunnels.enter(
                local,
                () -> worker.get().filter(peer -> peer.role().includes(Role.SPLIT)),
                StreamType.RPC,
                head,
                () -> new RpcCarrier(new Conversation(limits), true, file));
    }

    /**
     * What an RPC stream says first: version, number of the tunnel, name of the model.
     *
     * @param tunnel the same for all connections of one start of a split
     */
    private record Head(ModelRef model, long tunnel) {
        byte[] bytes() {
            byte[] name = model.name().getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(1 + TUNNEL_ID_BYTES + name.length)
                    .put(HEAD_VERSION)
                    .putLong(tunnel)
                    .put(name)
                    .array();
        }

        static Optional<Head> read(byte[] bytes) {
            if (bytes.length <= 1 + TUNNEL_ID_BYTES || bytes[0] != HEAD_VERSION) return Optional.empty();
            var in = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
            long tunnel = in.getLong();
            try {
                String name = StandardCharsets.UTF_8.newDecoder().decode(in).toString();
                return Optional.of(new Head(new ModelRef(name), tunnel));
            } catch (java.nio.charset.CharacterCodingException | IllegalArgumentException notAName) {
                return Optional.empty();
            }
        }
    }
}
