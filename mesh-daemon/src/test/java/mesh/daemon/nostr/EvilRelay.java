package mesh.daemon.nostr;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A relay that speaks WebSocket properly and misbehaves above it, as a test tells it to. */
@SuppressWarnings("FutureReturnValueIgnored") // What a relay that misbehaves fails to send is not missed.
public final class EvilRelay implements AutoCloseable {
    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("evil", true), NioIoHandler.newFactory());
    private final Channel listening;
    private final List<String> heard = new CopyOnWriteArrayList<>();

    /** What it does about one frame of a client. */
    public interface Deed {
        void about(Client client, String frame);
    }

    /** The connection the frame came on. */
    public static final class Client {
        private final ChannelHandlerContext channel;

        Client(ChannelHandlerContext channel) {
            this.channel = channel;
        }

        public Client say(String frame) {
            channel.writeAndFlush(new TextWebSocketFrame(frame));
            return this;
        }

        /** An event for a subscription. */
        public void give(String name, Event event) {
            say("[\"EVENT\",\"" + name + "\"," + CanonicalJson.event(event) + "]");
        }

        /** A frame of this many parts, none of which is the last, as far as the other side takes them. */
        void sayWithoutEnd(String part, int parts) {
            channel.write(new TextWebSocketFrame(false, 0, part));
            for (int i = 1; i < parts; i++) channel.write(new ContinuationWebSocketFrame(false, 0, part));
            channel.flush();
        }

        /** A part every so often, and never the last one. */
        void drip(String part, long everyMillis) {
            channel.writeAndFlush(new TextWebSocketFrame(false, 0, part));
            channel.executor()
                    .scheduleAtFixedRate(
                            () -> channel.writeAndFlush(new ContinuationWebSocketFrame(false, 0, part)),
                            everyMillis,
                            everyMillis,
                            TimeUnit.MILLISECONDS);
        }

        void sayBinary(int bytes) {
            channel.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[bytes])));
        }

        void sayBytes(byte[] notUtf8) {
            channel.writeAndFlush(new TextWebSocketFrame(Unpooled.wrappedBuffer(notUtf8)));
        }

        void close(int code) {
            channel.writeAndFlush(new CloseWebSocketFrame(code, "so there"));
        }

        void drop() {
            channel.close();
        }

        /** From now on neither frames nor pings are read, as if the machine had frozen. */
        void freeze() {
            channel.channel().config().setAutoRead(false);
        }

        boolean isWritable() {
            return channel.channel().isWritable();
        }
    }

    public EvilRelay(Deed deed) {
        this(0, deed);
    }

    public EvilRelay(int port, Deed deed) {
        var visitors = new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                channel.pipeline()
                        .addLast(
                                new HttpServerCodec(),
                                new HttpObjectAggregator(1 << 20),
                                new WebSocketServerProtocolHandler("/", null, true, 1 << 24),
                                new SimpleChannelInboundHandler<WebSocketFrame>() {
                                    @Override
                                    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
                                        if (!(frame instanceof TextWebSocketFrame text)) return;
                                        heard.add(text.text());
                                        deed.about(new Client(context), text.text());
                                    }
                                });
            }
        };
        listening = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(visitors)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .syncUninterruptibly()
                .channel();
    }

    public URI url() {
        return URI.create("ws://127.0.0.1:" + port());
    }

    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Every frame of every client. */
    public List<String> heard() {
        return heard;
    }

    public long heard(String word) {
        return heard.stream().filter(frame -> frame.startsWith("[\"" + word)).count();
    }

    /** The subscription or event id that a frame is about. */
    public static String name(String frame) {
        return frame.startsWith("[\"EVENT\"")
                ? frame.replaceFirst("(?s).*?\"id\":\"([0-9a-f]{64})\".*", "$1")
                : frame.split("\"")[3];
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
