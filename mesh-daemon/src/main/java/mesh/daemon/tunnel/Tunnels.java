package mesh.daemon.tunnel;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Peer;

/**
 * Makes a TCP port here stand for a TCP port at a peer. {@link #enter} opens the local port, {@link #answer} serves what
 * arrives from peers. All channels run on the endpoint's loop, so that buffers pass without a copy or a thread between.
 * Methods may be called from any thread unless they say otherwise.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
public final class Tunnels {
    private static final Log log = Log.of(Tunnels.class);

    /** As many as a peer lets us have streams; the rest is reset, which callers see at once. */
    static final int CONNECTIONS_MAX = 1_024;

    /** What may wait for a slow reader on each side of one connection. */
    private static final WriteBufferWaterMark WAITING = new WriteBufferWaterMark(128 << 10, 512 << 10);

    /** One TLS-sized record per read keeps copies small; four reads share one flush. */
    private static final int READ_BYTES = 64 << 10;

    private static final int STREAM_READ_BYTES = 16 << 10;
    private static final int READS_MAX = 4;
    private static final int CONNECT_MILLIS = 5_000;

    private final EventLoop loop;
    private final Meter answering = new Meter();

    public Tunnels(EventLoop loop) {
        this.loop = loop;
    }

    /** A local port that leads to a peer; closing it leaves running connections alone. */
    public static final class Entry implements AutoCloseable {
        private final Channel server;
        private final ChannelGroup accepted;
        private final Meter meter;

        Entry(Channel server, ChannelGroup accepted, Meter meter) {
            this.server = server;
            this.accepted = accepted;
            this.meter = meter;
        }

        public InetSocketAddress address() {
            return (InetSocketAddress) server.localAddress();
        }

        public Meter meter() {
            return meter;
        }

        @Override
        public void close() {
            server.close().awaitUninterruptibly();
        }

        /** Breaks off the connections that run. */
        public void cut() {
            accepted.close();
        }
    }

    /**
     * Opens a local port whose every connection becomes a stream to the peer. Blocks until bound; not for the loop.
     *
     * @param head said first on every stream; the peer's {@link #answer} decides by it
     */
    public Entry enter(InetSocketAddress local, Peer peer, StreamType type, byte[] head) throws IOException {
        var meter = new Meter();
        return listen(local, meter, tcp -> open(tcp, peer, type, head, meter));
    }

    /** A local port whose connections are handed over on the loop, unread. Blocks until bound. */
    Entry listen(InetSocketAddress local, Meter meter, Consumer<SocketChannel> taker) throws IOException {
        var running = new DefaultChannelGroup(loop);
        var accepted = new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel tcp) {
                tune(tcp);
                running.add(tcp);
                // Switching reads on before the registration is complete fails, so the stream is opened after it.
                tcp.eventLoop().execute(() -> taker.accept(tcp));
            }
        };
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, CONNECTIONS_MAX)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(accepted)
                .bind(local)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) throw new IOException("bind TCP address=" + local, bound.cause());
        return new Entry(bound.channel(), running, meter);
    }

    private static void open(SocketChannel tcp, Peer peer, StreamType type, byte[] head, Meter meter) {
        if (meter.read().open() >= CONNECTIONS_MAX) {
            refuse(tcp, meter);
            return;
        }
        peer.open(type, new Paused()).addListener(opened -> {
            if (!opened.isSuccess()) {
                refuse(tcp, meter);
                return;
            }
            new Tunnel((QuicStreamChannel) opened.getNow(), meter).enter(tcp, head);
        });
    }

    static void refuse(SocketChannel tcp, Meter meter) {
        meter.refused();
        tcp.config().setOption(ChannelOption.SO_LINGER, 0);
        EpollSockets.closeLater(tcp);
    }

    /**
     * Serves a stream that a peer's {@link #enter} opened. On the endpoint's loop, from {@code PeerListener.stream}.
     *
     * @param target where the head leads; empty refuses it
     */
    public void answer(QuicStreamChannel stream, Function<byte[], Optional<InetSocketAddress>> target) {
        tune(stream);
        var tunnel = new Tunnel(stream, answering);
        Runnable refused = () -> {
            answering.refused();
            tunnel.abort();
        };
        Consumer<SocketChannel> connected = tcp -> {
            tunnel.attach(tcp);
            tunnel.resume();
        };
        tunnel.answer(head -> target.apply(head).ifPresentOrElse(to -> connect(to, connected, refused), refused));
    }

    void connect(InetSocketAddress address, Consumer<SocketChannel> then, Runnable refused) {
        new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel tcp) {
                        tune(tcp);
                    }
                })
                .connect(address)
                .addListener((ChannelFuture connected) -> {
                    if (connected.isSuccess()) {
                        then.accept((SocketChannel) connected.channel());
                        return;
                    }
                    log.debug("tunnel.unconnected", "address", address, "cause", String.valueOf(connected.cause()));
                    refused.run();
                });
    }

    /** What streams answered here have carried. */
    public Meter answered() {
        return answering;
    }

    private static void tune(SocketChannel tcp) {
        tcp.config().setOption(ChannelOption.TCP_NODELAY, true);
        tcp.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        tcp.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WAITING);
        tcp.config().setOption(ChannelOption.RECVBUF_ALLOCATOR, reads(READ_BYTES));
    }

    static void tune(QuicStreamChannel stream) {
        stream.config().setOption(ChannelOption.RECVBUF_ALLOCATOR, reads(STREAM_READ_BYTES));
    }

    private static FixedRecvByteBufAllocator reads(int bytes) {
        var allocator = new FixedRecvByteBufAllocator(bytes);
        allocator.maxMessagesPerRead(READS_MAX);
        return allocator;
    }

    /** Holds a fresh stream until its tunnel stands. */
    static final class Paused extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(io.netty.channel.ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(false);
            tune((QuicStreamChannel) ctx.channel());
            ctx.pipeline().remove(this);
        }
    }
}
