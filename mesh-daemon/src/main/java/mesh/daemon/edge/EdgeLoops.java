package mesh.daemon.edge;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import mesh.core.Check;

/**
 * The event loops that all ports of one daemon share, each with its own connections to engines, so that everything of an
 * exchange happens on one thread and nothing needs a lock. epoll where its native part loads, plain NIO elsewhere.
 */
public final class EdgeLoops implements AutoCloseable {
    /** Relaying is cheap: two loops fill a gigabit; more than four only add switches between threads. */
    private static final int LOOPS_MAX = 4;

    private final EventLoopGroup group;
    private final Class<? extends ServerChannel> serverChannel;
    private final Map<EventExecutor, EnginePool> pools = new ConcurrentHashMap<>();
    private final Class<? extends Channel> clientChannel;

    private EdgeLoops(
            int count,
            IoHandlerFactory io,
            Class<? extends ServerChannel> serverChannel,
            Class<? extends Channel> clientChannel) {
        this.group = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("edge"), io);
        this.serverChannel = serverChannel;
        this.clientChannel = clientChannel;
        for (EventExecutor loop : group) pools.put(loop, new EnginePool((EventLoop) loop, clientChannel));
    }

    public static EdgeLoops start() {
        return start(Math.min(Runtime.getRuntime().availableProcessors(), LOOPS_MAX));
    }

    public static EdgeLoops start(int count) {
        Check.that(count > 0, "at least one loop", count);
        return Epoll.isAvailable()
                ? new EdgeLoops(
                        count, EpollIoHandler.newFactory(), EpollServerSocketChannel.class, EpollSocketChannel.class)
                : new EdgeLoops(count, NioIoHandler.newFactory(), NioServerSocketChannel.class, NioSocketChannel.class);
    }

    /** Ends every connection to one engine, busy or idle; exchanges on them end as if it had died. Any thread. */
    public void closeConnectionsTo(InetSocketAddress engine) {
        pools.forEach((loop, pool) -> {
            if (!loop.isShuttingDown()) loop.execute(() -> pool.closeAllTo(engine));
        });
    }

    /** Ends all loops, at once: close the servers first. */
    @Override
    public void close() {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Gives another loop, that of the peers, connections to engines too; it must take the same kind of sockets. */
    void adopt(EventLoop loop) {
        pools.computeIfAbsent(loop, unknown -> new EnginePool(loop, clientChannel));
    }

    EventLoopGroup group() {
        return group;
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    EnginePool poolOf(EventLoop loop) {
        return Objects.requireNonNull(pools.get(loop));
    }
}
