package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * Another node, admitted, as long as a connection to it lives. When both dialled at once there are two connections for a
 * moment: the one that the lower id dialled carries on, the other finishes what it has. Methods may be called from any
 * thread; the state is owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
public final class Peer {
    /** What may wait for a slow peer: some hundred gossip messages, which are better lost than late. */
    private static final int QUEUE_BYTES_MAX = 512 << 10;

    private static final Log log = Log.of(Peer.class);

    private final QuicEndpoint endpoint;
    private final NodeId id;
    private final long epoch;
    private final List<Connection> connections = new ArrayList<>();
    private final Map<StreamType, QuicStreamChannel> messages = new EnumMap<>(StreamType.class);
    private volatile @Nullable Connection primary;
    private volatile @Nullable Credential shown;

    Peer(QuicEndpoint endpoint, NodeId id, long epoch) {
        this.endpoint = endpoint;
        this.id = id;
        this.epoch = epoch;
    }

    public NodeId id() {
        return id;
    }

    /** What its certificate allows. */
    public Role role() {
        Credential now = shown;
        return now == null ? Role.CLIENT : now.role();
    }

    /** What it showed last. */
    public Optional<Credential> credential() {
        return Optional.ofNullable(shown);
    }

    /** Where it is reached now, and how far that is; empty once it is gone. */
    public Optional<Path> path() {
        Connection now = primary;
        if (now == null || !(now.channel().remoteSocketAddress() instanceof InetSocketAddress address))
            return Optional.empty();
        return Optional.of(new Path(
                now.kind(),
                now.via(),
                address,
                now.rttNanos() / 1_000,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - now.heardNanos())));
    }

    /**
     * One path to a peer.
     *
     * @param via who carries the packets; empty when nobody has to
     * @param address of the peer; on a relayed path it stands for the way and means nothing elsewhere
     * @param rttMicros of the last ping; 0 before the first
     * @param silentMillis since anything but stream data was heard
     */
    public record Path(
            PathKind kind, Optional<NodeId> via, InetSocketAddress address, long rttMicros, long silentMillis) {}

    /**
     * Opens a stream; its type byte travels with the first bytes the caller writes, so opening costs no round trip. The
     * handler is added before anything is read. The future completes on the endpoint's loop.
     */
    public Future<QuicStreamChannel> open(StreamType type, ChannelHandler handler) {
        var opened = endpoint.loop().<QuicStreamChannel>newPromise();
        endpoint.onLoop(() -> {
            Connection now = primary;
            if (now == null) {
                opened.setFailure(new ClosedChannelException());
                return;
            }
            now.open(type, handler).addListener(done -> {
                if (done.isSuccess()) opened.setSuccess((QuicStreamChannel) done.getNow());
                else opened.setFailure(done.cause());
            });
        });
        return opened;
    }

    /**
     * Sends one message in order behind earlier ones of its type ({@code gossip}, {@code route}, {@code leave},
     * {@code probe}, {@code relay}). Never
     * blocks; a full queue drops it and counts {@link Fault#QUEUE_FULL}.
     */
    public void post(StreamType type, byte[] message) {
        endpoint.onLoop(() -> postNow(type, message));
    }

    private void postNow(StreamType type, byte[] message) {
        QuicStreamChannel open = messages.get(type);
        if (open != null && open.isActive()) {
            write(open, message);
            return;
        }
        Connection now = primary;
        if (now == null) return;
        now.open(type, new Outgoing()).addListener(done -> {
            if (!done.isSuccess()) {
                endpoint.faults().count(Fault.QUEUE_FULL);
                return;
            }
            var stream = (QuicStreamChannel) done.getNow();
            stream.config().setWriteBufferWaterMark(new WriteBufferWaterMark(QUEUE_BYTES_MAX / 2, QUEUE_BYTES_MAX));
            messages.put(type, stream);
            write(stream, message);
        });
    }

    private void write(QuicStreamChannel stream, byte[] message) {
        if (message.length > Connection.MESSAGE_BYTES_MAX)
            throw new IllegalArgumentException("message bytes=" + message.length);
        if (!stream.isWritable()) {
            endpoint.faults().count(Fault.QUEUE_FULL);
            return;
        }
        ByteBuf frame = stream.alloc().directBuffer(Frames.HEAD_BYTES + message.length);
        stream.writeAndFlush(Frames.frame(frame, message));
    }

    /** Has it say at once that it lives, which {@link Path#silentMillis} then shows. On the loop. */
    public void ask() {
        Connection now = primary;
        if (now != null) now.ask();
    }

    /** Asks this peer, an admin, for a new term of our credential. */
    public void renew(Consumer<Checked<Credential>> answer) {
        endpoint.onLoop(() -> endpoint.renew(this, answer));
    }

    /** Lets go of the peer; {@link PeerListener#peerDown} follows with this reason. */
    public void drop(String reason) {
        endpoint.onLoop(() -> endpoint.down(this, CloseCode.DROPPED, reason));
    }

    /** When the last of what was shown ends. */
    long notAfterMillis() {
        long end = 0;
        for (Connection each : connections)
            end = Math.max(end, each.credential().notAfterMillis());
        return end;
    }

    long epoch() {
        return epoch;
    }

    Optional<Connection> primary() {
        return Optional.ofNullable(primary);
    }

    List<Connection> connections() {
        return List.copyOf(connections);
    }

    void add(Connection connection) {
        connections.add(connection);
        shown = connection.credential();
        settle();
    }

    void remove(Connection connection) {
        connections.remove(connection);
        settle();
    }

    /**
     * Both sides prefer the same one: the better way, then the lower id's dial, then the newest. Only one may carry new
     * streams.
     */
    private void settle() {
        boolean lower = endpoint.id().compareTo(id) < 0;
        Connection best = null;
        for (Connection each : connections) {
            int more = best == null ? 1 : each.kind().rank() - best.kind().rank();
            if (best == null || more > 0 || (more == 0 && each.isDialled() == lower)) best = each;
        }
        if (best != primary) endMessages(ended -> {});
        if (best != null && primary != null && best.kind() != primary.kind())
            log.info(
                    "path.changed",
                    "peer",
                    id,
                    "from",
                    primary.kind().code(),
                    "to",
                    best.kind().code());
        primary = best;
        for (Connection each : connections) each.drain(each != best);
    }

    /** A stream is closed once the other side has read it to its end and said so. */
    void endMessages(Consumer<Future<?>> closes) {
        for (QuicStreamChannel each : messages.values()) {
            each.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
            closes.accept(each.closeFuture());
        }
        messages.clear();
    }

    @Override
    public String toString() {
        return id.toString();
    }

    /** Message streams of ours carry nothing back. */
    private static final class Outgoing extends io.netty.channel.ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(io.netty.channel.ChannelHandlerContext ctx, Object read) {
            io.netty.util.ReferenceCountUtil.release(read);
            ctx.close();
        }

        @Override
        public void exceptionCaught(io.netty.channel.ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
