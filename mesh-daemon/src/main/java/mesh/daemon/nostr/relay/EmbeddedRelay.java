package mesh.daemon.nostr.relay;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.daemon.log.Log;

/**
 * A small relay: NIP-01, 09, 11 and 40, in memory, for private networks and tests. One event loop, named {@code relay},
 * owns everything, so there are no locks. Not for the open network: no TLS, and nobody tends it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel that fails to close is closed with its loop.
public final class EmbeddedRelay implements AutoCloseable {
    private static final Log log = Log.of(EmbeddedRelay.class);

    static final int FRAME_BYTES_MAX = 64 * 1024;

    /** One whole answer to one request, 500 listings of 4 KiB: a visitor that is this far behind takes nothing. */
    private static final int UNSENT_BYTES_MAX = 4 * 1024 * 1024;

    /** What a mesh's worth of clients needs; beyond it connections are closed at once. */
    private static final int CONNECTIONS_MAX = 512;

    private final Room room;
    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("relay", true), NioIoHandler.newFactory());
    private final Channel listening;

    /**
     * What the relay takes.
     *
     * @param kinds of events besides deletions
     * @param authors whose events it takes, in hex; empty = everybody's
     */
    public record Rules(Set<Integer> kinds, Set<String> authors) {
        public Rules {
            kinds = Set.copyOf(kinds);
            authors = Set.copyOf(authors);
        }
    }

    private EmbeddedRelay(InetSocketAddress bind, Rules rules) throws IOException {
        this.room = new Room(rules);
        var accepted = new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                if (room.connections() >= CONNECTIONS_MAX) {
                    channel.close();
                    return;
                }
                channel.pipeline()
                        .addLast(
                                new HttpServerCodec(),
                                new HttpObjectAggregator(FRAME_BYTES_MAX),
                                new RelayDocument(rules),
                                new WebSocketServerProtocolHandler("/", null, true, FRAME_BYTES_MAX),
                                new WebSocketFrameAggregator(FRAME_BYTES_MAX),
                                new Visitor(room));
            }
        };
        var bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(0, UNSENT_BYTES_MAX))
                .childHandler(accepted)
                .bind(bind)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException("listen address=" + bind, bound.cause());
        }
        listening = bound.channel();
        log.info("relay.opened", "url", url());
    }

    public static EmbeddedRelay open(InetSocketAddress bind, Rules rules) throws IOException {
        return new EmbeddedRelay(bind, rules);
    }

    /** What others are told: the address it listens on. */
    public URI url() {
        var address = (InetSocketAddress) listening.localAddress();
        String host = address.getAddress().getHostAddress();
        return URI.create("ws://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort());
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
