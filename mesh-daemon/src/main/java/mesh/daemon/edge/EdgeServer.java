package mesh.daemon.edge;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * One listening port: its routes, its gate, its connections. Started and closed by the daemon; everything between
 * happens on the event loops.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
public final class EdgeServer implements AutoCloseable {
    private static final int BACKLOG = 1_024;

    /** Above the high mark the engine is not read; below the low one it is again. Two to four reads of one socket. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(64 << 10, 256 << 10);

    private final Desk desk;
    private final Channel channel;

    private EdgeServer(Desk desk, InetSocketAddress address) throws IOException {
        this.desk = desk;
        ChannelFuture bound = new ServerBootstrap()
                .group(desk.loops().group())
                .channel(desk.loops().serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        accept(client);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            var failed = new BindException("cannot listen on " + address.getHostString() + ":" + address.getPort()
                    + ": " + bound.cause().getMessage());
            failed.initCause(bound.cause());
            throw failed;
        }
        this.channel = bound.channel();
    }

    /**
     * Listens; port 0 lets the system choose. The spill folder is emptied, and belongs to this server alone. A port that
     * cannot be had is a {@link BindException}.
     *
     * @param observer hears of every finished exchange, on its event loop: must not block
     */
    public static EdgeServer start(
            EdgeLoops loops,
            InetSocketAddress address,
            RouteTable routes,
            EdgeSettings settings,
            Consumer<Served> observer)
            throws IOException {
        return new EdgeServer(new Desk(loops, routes, settings, observer), address);
    }

    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    public int connections() {
        return desk.connections();
    }

    /** Stops accepting, lets exchanges under way end within {@code grace}, then cuts the rest. Blocks. */
    public void close(Duration grace) throws InterruptedException {
        channel.close().await();
        desk.close(grace);
    }

    /** Stops at once. */
    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
        desk.closeNow();
    }

    private void accept(Channel client) {
        if (!desk.hasRoom()) {
            client.close();
            return;
        }
        client.pipeline().addLast(new RequestDecoder(), new HttpResponseEncoder(), new EdgeHandler(desk, "", () -> 0));
    }
}
