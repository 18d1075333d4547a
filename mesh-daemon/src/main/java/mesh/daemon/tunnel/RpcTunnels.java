package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.rpc.Buffers;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * Tunnels to rpc-servers: each frame is held to the protocol on both ends, the worker's end connects only for the host,
 * the model and the tunnel that a lease names, and a connection outlives the stream it travels on: while the way to the
 * peer is silent it waits and is resumed on a new one. Methods may be called from any thread unless they say otherwise.
 */
@SuppressWarnings("FutureReturnValueIgnored") // An attempt that fails is followed by the next.
public final class RpcTunnels {
    private static final Log log = Log.of(RpcTunnels.class);

    /** A way that opens is used at once, as people wait; one look costs nothing. */
    private static final long RETRY_MILLIS = 200;

    private final EventLoop loop;
    private final Tunnels tunnels;
    private final Standing standing;
    private final long patienceMillis;
    private final SecureRandom random = new SecureRandom();
    private final Map<ModelRef, Lease> leases = new ConcurrentHashMap<>();

    /**
     * @param patience how long a connection waits for a way to its peer
     * @param ties told on the endpoint's loop with whom connections stand
     */
    public RpcTunnels(QuicEndpoint endpoint, Duration patience, Ties ties) {
        this.loop = endpoint.loop();
        this.tunnels = new Tunnels(loop);
        this.standing = new Standing(endpoint, ties);
        this.patienceMillis = patience.toMillis();
    }

    /** Hears with whom connections stand, be they without a way for the moment. Must not block. */
    public interface Ties {
        void tied(NodeId peer, boolean stands);
    }

    /** How a host gets to its worker. */
    public interface Way {
        /** The worker as it is connected now. */
        Optional<Peer> peer();

        /** Connects to it, if that is not under way; returns at once. */
        void seek();
    }

    /** The worker's side of a split: who may speak to which rpc-server. Ends with {@link #close}. */
    public final class Lease implements AutoCloseable {
        private final ModelRef model;
        private final NodeId host;
        private final RpcLimits limits;
        private final Optional<KnownFile> file;
        private final Supplier<Optional<InetSocketAddress>> server;
        private final Meter meter = new Meter();

        /** By their number; owned by the loop, as is the tunnel they belong to. */
        private final Map<Long, RpcTunnel> lines = new HashMap<>();

        /** What all connections hold of the memory lent. */
        private final Buffers buffers;

        /** What other workers of the split brought; owned by the loop. */
        private final Intake intake = new Intake();

        private final Function<NodeId, Way> mates;

        private long tunnel;

        private Lease(
                ModelRef model,
                NodeId host,
                RpcLimits limits,
                Optional<KnownFile> file,
                Supplier<Optional<InetSocketAddress>> server,
                Function<NodeId, Way> mates) {
            this.model = model;
            this.host = host;
            this.limits = limits;
            this.file = file;
            this.server = server;
            this.mates = mates;
            this.buffers = new Buffers(limits.bulkBytesMax());
        }

        private Handing handing() {
            return new Handing(
                    host,
                    intake,
                    (to, pair) -> new Courier(plain(mates.apply(to)), model, pair),
                    RpcTunnels.this::later);
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
     * @param limits of single buffers, and of all of them together
     * @param file of the model here, from which the host may name bytes
     * @param mates the ways to the other workers, to whom answers may be brought without the host
     */
    public Lease lend(
            ModelRef model,
            NodeId host,
            RpcLimits limits,
            Optional<KnownFile> file,
            Supplier<Optional<InetSocketAddress>> server,
            Function<NodeId, Way> mates) {
        var lease = new Lease(model, host, limits, file, server, mates);
        leases.put(model, lease);
        return lease;
    }

    /** Serves a stream that a host opened. On the endpoint's loop. */
    public void answer(Peer peer, QuicStreamChannel stream) {
        Tunnels.tune(stream);
        stream.pipeline().addLast(new HeadReader((head, rest) -> admit(peer, stream, head, rest)));
    }

    private void later(long millis, Runnable what) {
        loop.schedule(what, millis, TimeUnit.MILLISECONDS);
    }

    /** A third node that carries packets has no room for batches. */
    private static Way plain(Way way) {
        return new Way() {
            @Override
            public Optional<Peer> peer() {
                return way.peer()
                        .filter(peer -> peer.path()
                                .filter(path -> path.kind().isDirect())
                                .isPresent());
            }

            @Override
            public void seek() {
                way.seek();
            }
        };
    }

    /** Payloads that somebody brings, if the host of a lease said that they will come from there. */
    private void receive(Peer peer, QuicStreamChannel stream, byte[] head, ByteBuf rest) {
        Optional<Intake.Shelf> shelf = HandNote.model(head)
                .flatMap(model -> Optional.ofNullable(leases.get(model)))
                .flatMap(lease -> lease.intake.of(HandNote.pair(head), peer.id()));
        if (shelf.isPresent()) {
            Delivery.take(stream, shelf.get(), peer.id(), rest);
            return;
        }
        log.debug("rpc.refused", "peer", peer.id(), "reason", "nothing is expected");
        Delivery.refuse(stream, rest);
    }

    /** On the endpoint's loop; takes {@code rest} over, which came behind the head. */
    private void admit(Peer peer, QuicStreamChannel stream, byte[] head, ByteBuf rest) {
        if (HandNote.isStreamHead(head)) {
            receive(peer, stream, head, rest);
            return;
        }
        StreamWire wire = StreamWire.on(stream);
        LineHead asked = LineHead.read(head).orElse(null);
        Lease lease = asked == null ? null : leases.get(asked.model());
        Optional<String> fault = asked == null
                ? Optional.of("malformed head")
                : lease == null
                        ? Optional.of("no lease of " + asked.model())
                        : lease.host.equals(peer.id()) ? Optional.empty() : Optional.of("lease is another's");
        if (asked == null || lease == null || fault.isPresent()) {
            refuse(peer, wire, LineEnd.UNLEASED, fault.orElse(""));
            rest.release();
        } else if (asked.isNew()) begin(peer, wire, lease, asked, rest);
        else resume(peer, wire, lease, asked, rest);
    }

    private void begin(Peer peer, StreamWire wire, Lease lease, LineHead asked, ByteBuf rest) {
        Optional<InetSocketAddress> server = lease.server.get();
        boolean isTaken = lease.tunnel != asked.tunnel()
                && lease.lines.values().stream().anyMatch(other -> other.line().hasWire());
        if (server.isEmpty() || isTaken || lease.lines.containsKey(asked.line())) {
            refuse(peer, wire, LineEnd.UNLEASED, server.isEmpty() ? "server not up" : "another tunnel is open");
            rest.release();
            return;
        }
        // What an earlier attempt of the same host has left without a stream will not be resumed.
        if (lease.tunnel != asked.tunnel())
            for (RpcTunnel left : List.copyOf(lease.lines.values())) left.line().breakOff(LineEnd.UNLEASED);
        lease.tunnel = asked.tunnel();
        var carrier = RpcCarrier.worker(new Conversation(lease.limits, lease.buffers), lease.file, lease.handing());
        var answered = new Answered(lease, asked.line());
        var tunnel = new RpcTunnel(loop, peer.id(), carrier, lease.meter, answered, patienceMillis);
        lease.lines.put(asked.line(), tunnel);
        standing.add(tunnel);
        wire.serve(tunnel.line());
        tunnel.line().begin(wire);
        tunnel.line().received(wire, rest);
        tunnels.connect(server.get(), tunnel::attach, () -> tunnel.line().breakOff(LineEnd.RESET));
    }

    private void resume(Peer peer, StreamWire wire, Lease lease, LineHead asked, ByteBuf rest) {
        RpcTunnel tunnel = lease.lines.get(asked.line());
        if (tunnel == null || asked.tunnel() != lease.tunnel) {
            refuse(peer, wire, LineEnd.UNKNOWN, "no such line");
            rest.release();
            return;
        }
        wire.serve(tunnel.line());
        if (!tunnel.line().resume(wire, asked.heardBytes())) {
            tunnel.line().breakOff(LineEnd.FORBIDDEN);
            refuse(peer, wire, LineEnd.FORBIDDEN, "heard=" + asked.heardBytes());
        }
        tunnel.line().received(wire, rest);
    }

    private static void refuse(Peer peer, StreamWire wire, LineEnd why, String message) {
        log.debug("rpc.refused", "peer", peer.id(), "reason", message);
        wire.leave(Line.breaking(why));
    }

    /** The worker's end of a connection: it waits to be resumed. */
    private final class Answered implements RpcTunnel.Watcher {
        private final Lease lease;
        private final long number;

        Answered(Lease lease, long number) {
            this.lease = lease;
            this.number = number;
        }

        @Override
        public void lost(RpcTunnel tunnel) {}

        /** No caller waits to hear of a host's death. */
        @Override
        public void spoke(RpcTunnel tunnel) {}

        @Override
        public void over(RpcTunnel tunnel) {
            lease.lines.remove(number);
            standing.remove(tunnel);
        }
    }

    /**
     * Opens a port on loopback behind which stands the worker's rpc-server. A peer that may not take part in splits gets
     * no tensors either. Blocks until bound.
     *
     * @param file of the model here: what the worker has of it is not sent
     * @param handover of the split, if it has several workers: what one answers need not go through here to the next
     */
    public Tunnels.Entry enter(
            ModelRef model, RpcLimits limits, Optional<KnownFile> file, Way worker, Optional<Handover> handover)
            throws IOException {
        var meter = new Meter();
        var entrance = new Entrance(model, number(), limits, file, worker, handover, meter);
        return tunnels.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), meter, entrance::take);
    }

    /** For all tunnels of one start of a split. */
    public Handover handover() {
        return new Handover(new Handover.Rooms() {
            @Override
            public long draw() {
                return number();
            }

            @Override
            public void later(long millis, Runnable what) {
                RpcTunnels.this.later(millis, what);
            }
        });
    }

    /** Positive, so that none is taken for another thing. */
    private long number() {
        return random.nextLong(1, Long.MAX_VALUE);
    }

    /** The host's side of one tunnel. Owned by the loop. */
    private final class Entrance {
        private final ModelRef model;
        private final long tunnel;
        private final RpcLimits limits;
        private final Optional<KnownFile> file;
        private final Way way;
        private final Optional<Handover> handover;
        private final Meter meter;

        Entrance(
                ModelRef model,
                long tunnel,
                RpcLimits limits,
                Optional<KnownFile> file,
                Way way,
                Optional<Handover> handover,
                Meter meter) {
            this.model = model;
            this.tunnel = tunnel;
            this.limits = limits;
            this.file = file;
            this.way = way;
            this.handover = handover;
            this.meter = meter;
        }

        private Optional<Peer> worker() {
            return way.peer().filter(peer -> peer.role().includes(Role.SPLIT));
        }

        void take(SocketChannel tcp) {
            Optional<Peer> peer = worker();
            if (peer.isEmpty() || meter.read().open() >= Tunnels.CONNECTIONS_MAX) {
                Tunnels.refuse(tcp, meter);
                return;
            }
            NodeId id = peer.get().id();
            Optional<Handover.End> end =
                    handover.map(split -> split.end(id, meter, pair -> new Courier(way, model, pair)));
            var carrier = RpcCarrier.host(new Conversation(limits), file, end);
            var opened = new Opened(this, number());
            var fresh = new RpcTunnel(loop, id, carrier, meter, opened, patienceMillis);
            standing.add(fresh);
            opened.begin(peer.get(), fresh, tcp);
        }
    }

    /** The host's end of a connection: it opens the streams, the first and those that follow. */
    private final class Opened implements RpcTunnel.Watcher {
        private final Entrance entrance;
        private final long number;
        private boolean isOpening;
        private @Nullable Future<?> next;

        Opened(Entrance entrance, long number) {
            this.entrance = entrance;
            this.number = number;
        }

        void begin(Peer peer, RpcTunnel tunnel, SocketChannel tcp) {
            peer.open(StreamType.RPC, new Tunnels.Paused()).addListener(opened -> {
                if (!opened.isSuccess()) {
                    tunnel.line().breakOff(LineEnd.RESET);
                    Tunnels.refuse(tcp, entrance.meter);
                    return;
                }
                StreamWire wire = wire(tunnel, (QuicStreamChannel) opened.getNow(), LineHead.NEW);
                tunnel.line().begin(wire);
                wire.flush();
                tunnel.attach(tcp);
            });
        }

        private StreamWire wire(RpcTunnel tunnel, QuicStreamChannel stream, long heardBytes) {
            StreamWire wire = StreamWire.on(stream);
            wire.serve(tunnel.line());
            wire.write(new LineHead(entrance.model, entrance.tunnel, number, heardBytes).said(stream.alloc()));
            return wire;
        }

        @Override
        public void lost(RpcTunnel tunnel) {
            if (next != null) next.cancel(false);
            next = loop.schedule(() -> again(tunnel), RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }

        private void again(RpcTunnel tunnel) {
            Line line = tunnel.line();
            if (line.isOver() || line.hasWire() || isOpening) return;
            Optional<Peer> peer = entrance.worker();
            if (peer.isEmpty()) {
                entrance.way.seek();
                lost(tunnel);
                return;
            }
            isOpening = true;
            peer.get().open(StreamType.RPC, new Tunnels.Paused()).addListener(opened -> {
                isOpening = false;
                if (!opened.isSuccess()) {
                    lost(tunnel);
                    return;
                }
                StreamWire wire = wire(tunnel, (QuicStreamChannel) opened.getNow(), line.heardBytes());
                if (line.isOver()) {
                    wire.leave(Line.breaking(LineEnd.RESET));
                    return;
                }
                line.resume(wire);
                wire.flush();
            });
        }

        @Override
        public void spoke(RpcTunnel tunnel) {
            standing.spoke(tunnel.peer());
        }

        @Override
        public void over(RpcTunnel tunnel) {
            if (next != null) next.cancel(false);
            standing.remove(tunnel);
        }
    }
}
