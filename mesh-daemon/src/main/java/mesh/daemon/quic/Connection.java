package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import mesh.core.id.Credential;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.wire.Codec;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * One QUIC connection from handshake to close: proves who is there, lets the admission speak first, then passes streams.
 * Keeps itself alive and measures the path with one-byte-headed datagrams. Owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Connection extends ChannelInboundHandlerAdapter {
    /** After this many refused streams the peer is not clumsy but hostile. */
    private static final int REFUSED_MAX = 1_024;

    /** One stream per type carries messages; a few more may overlap while an old one closes. */
    private static final int MESSAGE_STREAMS_MAX = 8;

    static final int MESSAGE_BYTES_MAX = Codec.FRAME_BYTES_MAX;

    private static final long STALL_MILLIS = 10_000;
    private static final long AWAITED_PING_MILLIS = 500;

    /** What QUIC itself says in place of a code of ours while the other side could not read it yet. */
    private static final int APPLICATION_ERROR = 0x0c;

    /** A relay that died says nothing, so whoever depends on one listens closely. */
    private static final long RELAYED_PING_NANOS = 1_000_000_000L;

    private static final long RELAYED_SILENCE_NANOS = 4 * RELAYED_PING_NANOS;

    /** After the network changed: a path that lives answers within this, be it the slowest. */
    private static final long DOUBT_NANOS = 3_000_000_000L;

    private static final byte PING = 1;
    private static final byte PONG = 2;

    /** Names a stream whose opener or answerer has given it up; see {@link StreamAbort}. */
    private static final byte ABORT = 3;

    private static final Log log = Log.of(Connection.class);

    private final QuicEndpoint endpoint;
    private final boolean dialled;
    private final long openedNanos = System.nanoTime();
    private @Nullable QuicChannel channel;
    private @Nullable NodeId remote;
    private @Nullable Answering answering;
    private @Nullable Peer peer;
    private @Nullable Credential credential;

    /** Named by the dialler, in its hello. */
    private long number;

    private PathKind kind = PathKind.RELAYED;
    private Optional<NodeId> via = Optional.empty();

    private long heardNanos = openedNanos;
    private long pingedNanos = openedNanos;
    private long rttNanos;
    private long drainingSinceNanos;
    private long doubtedNanos;
    private boolean isDoubted;
    private boolean draining;
    private final LongObjectMap<Runnable> aborts = new LongObjectHashMap<>();
    private int openStreams;
    private int peerStreams;
    private int messageStreams;

    /** Streams on which somebody waits for an answer. */
    private int awaited;

    private int refusedStreams;
    private int wornStreams;
    private String closeReason = "";

    Connection(QuicEndpoint endpoint, boolean dialled) {
        this.endpoint = endpoint;
        this.dialled = dialled;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = (QuicChannel) ctx.channel();
        channel.closeFuture().addListener(closed -> endpoint.closed(this));
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (identified()) ctx.fireChannelActive();
    }

    /** Learns who is there once TLS has proved it; a connect future may complete before this handler hears of it. */
    boolean identified() {
        if (remote != null) return true;
        try {
            remote = Tls.peer(channel());
            return true;
        } catch (SSLPeerUnverifiedException nobody) {
            endpoint.faults().count(Fault.HANDSHAKE_FAILED);
            close(CloseCode.REFUSED, "handshake_failed");
            return false;
        }
    }

    QuicChannel channel() {
        return java.util.Objects.requireNonNull(channel, "the handler was added");
    }

    NodeId remote() {
        return java.util.Objects.requireNonNull(remote, "the handshake is done");
    }

    boolean isDialled() {
        return dialled;
    }

    boolean isUp() {
        return peer != null && channel().isActive();
    }

    long number() {
        return number;
    }

    Credential credential() {
        return java.util.Objects.requireNonNull(credential, "admitted");
    }

    void refreshed(Credential renewed) {
        credential = renewed;
    }

    long rttNanos() {
        return rttNanos;
    }

    long heardNanos() {
        return heardNanos;
    }

    int openStreams() {
        return openStreams;
    }

    Optional<Peer> peer() {
        return Optional.ofNullable(peer);
    }

    /** By which way it came to be; both sides give it the same rank. */
    PathKind kind() {
        return kind;
    }

    /** Who carries its packets; empty when nobody has to. */
    Optional<NodeId> via() {
        return via;
    }

    /** Where the other side is now; a connection follows its peer through changes of address. */
    InetSocketAddress address() {
        return (InetSocketAddress) java.util.Objects.requireNonNull(channel().remoteSocketAddress(), "connected");
    }

    /** Both sides have let each other in. */
    void admitted(Peer owner, Credential shown, long connection, PathKind way, Optional<NodeId> carrier) {
        peer = owner;
        credential = shown;
        number = connection;
        kind = way;
        via = carrier;
    }

    /** A stream of ours: guard, then the caller's handler, and the type as its first byte in the queue. */
    Future<QuicStreamChannel> open(StreamType type, io.netty.channel.ChannelHandler handler) {
        Promise<QuicStreamChannel> typed = channel().eventLoop().newPromise();
        var streams = new ChannelInitializer<QuicStreamChannel>() {
            @Override
            protected void initChannel(QuicStreamChannel stream) {
                prepare(stream);
                stream.pipeline().addLast(handler);
            }
        };
        channel().createStream(QuicStreamType.BIDIRECTIONAL, streams).addListener(done -> {
            if (!done.isSuccess()) {
                typed.setFailure(done.cause());
                return;
            }
            var stream = (QuicStreamChannel) done.getNow();
            stream.write(stream.alloc().directBuffer(1).writeByte(type.code()));
            if (type == StreamType.HTTP || type == StreamType.RPC) {
                awaited++;
                stream.closeFuture().addListener(closed -> awaited--);
            }
            typed.setSuccess(stream);
        });
        return typed;
    }

    private void prepare(QuicStreamChannel stream) {
        stream.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        openStreams++;
        if (!stream.isLocalCreated()) peerStreams++;
        stream.pipeline().addLast(new StreamGuard(this));
    }

    void closed(QuicStreamChannel stream, boolean endedByPeer) {
        openStreams--;
        if (!stream.isLocalCreated()) peerStreams--;
        aborts.remove(stream.streamId());
        if (!endedByPeer && ++wornStreams > QuicConfig.WORN_STREAMS_MAX) close(CloseCode.WORN, "worn_out");
    }

    void hearAbort(QuicStreamChannel stream, Runnable aborted) {
        aborts.put(stream.streamId(), aborted);
    }

    void tellAbort(QuicStreamChannel stream) {
        if (channel().isActive()) datagram(ABORT, stream.streamId());
    }

    /** Every stream the peer opens comes through here before its first byte is read. */
    void arriving(QuicStreamChannel stream) {
        prepare(stream);
        stream.pipeline().addLast(new StreamDoor(this));
    }

    /** The peer opened a stream and said its type. */
    void opened(QuicStreamChannel stream, int code) {
        if (!closeReason.isEmpty()) return;
        StreamType type = StreamType.of(code).orElse(null);
        if (type == StreamType.ADMIT) {
            admit(stream);
        } else if (!isUp() && !confirmedByUse()) {
            endpoint.faults().count(Fault.STREAM_BEFORE_ADMISSION);
            close(CloseCode.PROTOCOL, Fault.STREAM_BEFORE_ADMISSION.code());
        } else if (peerStreams > endpoint.config().streamsMax()) {
            refuse(stream, Fault.STREAM_FLOOD);
        } else if (type == null) {
            refuse(stream, Fault.UNKNOWN_STREAM);
        } else if (!credential().role().includes(needed(type))) {
            refuse(stream, Fault.ROLE_TOO_LOW);
        } else {
            pass(stream, type);
        }
    }

    /** The peer may use what our welcome gave it before the end of its admission arrives: packets overtake. */
    private boolean confirmedByUse() {
        if (answering != null) answering.confirmed();
        return isUp();
    }

    /** Only the dialler introduces itself, once; members may come back on a live connection to renew. */
    private void admit(QuicStreamChannel stream) {
        if (peer == null && (dialled || answering != null)) {
            endpoint.faults().count(Fault.STREAM_BEFORE_ADMISSION);
            close(CloseCode.PROTOCOL, Fault.STREAM_BEFORE_ADMISSION.code());
            return;
        }
        var answerer = new Answering(endpoint, this, stream);
        if (peer == null) answering = answerer;
        stream.pipeline().addLast(answerer.frames());
    }

    private void pass(QuicStreamChannel stream, StreamType type) {
        Peer owner = java.util.Objects.requireNonNull(peer, "admitted");
        switch (type) {
            case GOSSIP, ROUTE, LEAVE, PROBE, RELAY, TRUST -> {
                if (messageStreams == MESSAGE_STREAMS_MAX) {
                    refuse(stream, Fault.STREAM_FLOOD);
                    return;
                }
                messageStreams++;
                stream.closeFuture().addListener(closed -> messageStreams--);
                stream.pipeline()
                        .addLast(new Frames(
                                MESSAGE_BYTES_MAX,
                                STALL_MILLIS,
                                message -> endpoint.message(owner, type, message),
                                fault -> refuse(stream, fault)))
                        .addLast(new EndWithPeer());
            }
            case RPC, HTTP, BLOB -> endpoint.stream(owner, type, stream);
            case ADMIT -> throw new IllegalStateException("admission has its own way");
        }
    }

    /** What each type of stream takes: RPC reaches code that trusts its caller. */
    private static Role needed(StreamType type) {
        return switch (type) {
            case RPC -> Role.SPLIT;
            case BLOB, GOSSIP -> Role.SERVE;
            case HTTP, ROUTE, LEAVE, ADMIT, PROBE, RELAY, TRUST -> Role.CLIENT;
        };
    }

    void refuse(QuicStreamChannel stream, Fault fault) {
        endpoint.faults().count(fault);
        log.debug("stream.refused", "peer", remote, "reason", fault.code());
        StreamDoor.reset(stream);
        if (++refusedStreams > REFUSED_MAX) close(CloseCode.FLOOD, fault.code());
    }

    /** Pings when quiet, ends what takes too long. Called by the endpoint's clock. */
    void tick(long nowNanos, QuicConfig config) {
        if (!channel().isOpen()) return;
        if (peer == null) {
            if (nowNanos - openedNanos < config.handshakeMillis() * 1_000_000) return;
            endpoint.faults().count(Fault.ADMISSION_STALLED);
            close(CloseCode.REFUSED, Fault.ADMISSION_STALLED.code());
        } else if (draining && openStreams == 0 && nowNanos - drainingSinceNanos > DRAIN_NANOS) {
            close(CloseCode.DUPLICATE, "duplicate");
        } else if (isSilent(nowNanos)) {
            close(CloseCode.SILENT, "path_silent");
        } else if (nowNanos - pingedNanos >= pingNanos(config)) {
            pingedNanos = nowNanos;
            datagram(PING, nowNanos);
        }
    }

    /** While somebody waits for an answer it matters within a second or two whether the path is alive. */
    private long pingNanos(QuicConfig config) {
        long often = Math.min(awaited > 0 ? AWAITED_PING_MILLIS : Long.MAX_VALUE, config.keepAliveMillis()) * 1_000_000;
        if (isDoubted) return 0;
        return kind.isDirect() ? often : Math.min(often, RELAYED_PING_NANOS);
    }

    private boolean isSilent(long nowNanos) {
        if (isDoubted && heardNanos - doubtedNanos > 0) isDoubted = false;
        if (isDoubted && nowNanos - doubtedNanos > DOUBT_NANOS) return true;
        return !kind.isDirect() && nowNanos - heardNanos > RELAYED_SILENCE_NANOS;
    }

    /** The network changed under it: it shows soon that it lives, or ends. */
    void doubt(long nowNanos) {
        isDoubted = true;
        doubtedNanos = nowNanos;
    }

    /** Long enough for the other side to have admitted the connection that stays. */
    private static final long DRAIN_NANOS = 2_000_000_000L;

    /** Another connection of the pair is preferred: finish what runs here, start nothing. */
    void drain(boolean drains) {
        if (drains && !draining) drainingSinceNanos = System.nanoTime();
        draining = drains;
    }

    private void datagram(byte kind, long about) {
        ByteBuf bytes =
                channel().alloc().directBuffer(1 + Long.BYTES).writeByte(kind).writeLong(about);
        channel().writeAndFlush(bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        heardNanos = System.nanoTime();
        if (!(read instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(read);
            return;
        }
        try {
            if (peer == null || bytes.readableBytes() != 1 + Long.BYTES) return;
            byte kind = bytes.readByte();
            long about = bytes.readLong();
            if (kind == PING) datagram(PONG, about);
            else if (kind == PONG && about == pingedNanos) rttNanos = heardNanos - about;
            else if (kind == ABORT && aborts.containsKey(about))
                aborts.get(about).run();
        } finally {
            bytes.release();
        }
    }

    /** Another attempt was faster. */
    void abandon() {
        if (channel != null) channel.close();
    }

    /** In a task of its own: a close in the midst of received packets does not reach the other side. */
    void close(CloseCode code, String reason) {
        if (!closeReason.isEmpty()) return;
        closeReason = reason;
        channel().eventLoop().execute(() -> {
            if (!channel().isOpen()) return;
            // Asked to say an application's code before the handshake is done, the stack sends packets without end.
            if (channel().isActive())
                channel().close(true, code.code(), Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8));
            else channel().close(false, APPLICATION_ERROR, Unpooled.EMPTY_BUFFER);
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof QuicConnectionCloseEvent close && closeReason.isEmpty())
            closeReason = close.isApplicationClose() ? printable(close.reason()) : "closed_by_peer";
        ReferenceCountUtil.release(event);
    }

    /** A peer's words are shown to people: short and plain, or not at all. */
    private static String printable(byte[] reason) {
        String text = new String(reason, StandardCharsets.US_ASCII);
        return text.matches("[a-z_]{1,40}") ? text : "closed_by_peer";
    }

    String closeReason() {
        if (!closeReason.isEmpty()) return closeReason;
        return channel().isTimedOut() ? "timed_out" : "closed";
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (remote == null) endpoint.faults().count(Fault.HANDSHAKE_FAILED);
        log.debug("peer.failed", "peer", remote, "cause", cause.toString());
    }

    @Override
    public String toString() {
        return remote + (dialled ? " dialled" : " accepted");
    }

    /** A message stream has nothing to say when its sender is done. */
    private static final class EndWithPeer extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE) ctx.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Channel stream = ctx.channel();
            if (stream instanceof QuicStreamChannel quic) StreamDoor.reset(quic);
        }
    }
}
