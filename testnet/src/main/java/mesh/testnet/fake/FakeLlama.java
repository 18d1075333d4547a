package mesh.testnet.fake;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A llama-server without a model: it recites the alphabet in the words of the real one, with knobs for trouble. Runs
 * within a JVM here, or as a program of its own through {@link FakeLlamaProgram}. Answers come from event loops; the
 * counters may be read from any thread.
 */
public final class FakeLlama implements AutoCloseable {
    /** As much as a long prompt with pictures. */
    private static final int BODY_BYTES_MAX = 64 << 20;

    private final EventLoopGroup loops;
    private final Channel listener;
    private final FakeLlamaCounters counters;
    private final CountDownLatch ending = new CountDownLatch(1);

    private FakeLlama(EventLoopGroup loops, Channel listener, FakeLlamaCounters counters) {
        this.loops = loops;
        this.listener = listener;
        this.counters = counters;
    }

    /**
     * Listens on 127.0.0.1; port 0 takes any. An empty {@code apiKey} lets everybody in. {@code death} is what dying in
     * mid-stream means: the end of the process, or of this object.
     */
    public static FakeLlama start(Knobs knobs, String alias, int port, String apiKey, Runnable death)
            throws InterruptedException {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(Math.min(4, Runtime.getRuntime().availableProcessors()), io);
        var counters = new FakeLlamaCounters(new AtomicLong(), new AtomicLong(), new AtomicLong());
        long readyNanos = System.nanoTime() + knobs.loadMillis() * 1_000_000;
        var bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(
                                        new HttpServerCodec(),
                                        new HttpObjectAggregator(BODY_BYTES_MAX),
                                        new FakeLlamaHandler(knobs, alias, apiKey, readyNanos, counters, death));
                    }
                });
        Channel listener;
        try {
            listener = bootstrap.bind("127.0.0.1", port).sync().channel();
        } catch (Throwable taken) {
            loops.shutdownGracefully().addListener(ended -> {});
            throw new IllegalStateException("couldn't bind HTTP server socket, port: " + port, taken);
        }
        return new FakeLlama(loops, listener, counters);
    }

    /** Without a key, on any port; dying closes it. */
    public static FakeLlama start(Knobs knobs) throws InterruptedException {
        var self = new FakeLlama[1];
        FakeLlama fake = start(knobs, "demo", 0, "", () -> self[0].crash());
        self[0] = fake;
        return fake;
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    public FakeLlamaCounters counters() {
        return counters;
    }

    /** Ends as a crash does: every connection closes at once, without a last word. Does not wait. */
    private void crash() {
        listener.close().addListener(closed -> {
            if (!closed.isSuccess()) throw new IllegalStateException("cannot close the listener", closed.cause());
        });
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).addListener(ended -> ending.countDown());
    }

    @Override
    public void close() {
        crash();
        try {
            if (!ending.await(5, TimeUnit.SECONDS)) throw new IllegalStateException("its event loops do not end");
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
