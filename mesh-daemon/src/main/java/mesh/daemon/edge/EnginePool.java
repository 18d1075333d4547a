package mesh.daemon.edge;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's connections to engines: idle ones are used again, newest first. Owned by that loop; nothing here is
 * thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class EnginePool {
    /** As many as a burst just used. llama-server holds a thread for each, and grows to several hundred without trouble. */
    private static final int IDLE_MAX = 128;

    /** llama-server closes an idle connection after 5 s; leaving first, one sweep late at worst, avoids sending into one. */
    private static final long IDLE_NANOS_MAX = 3_000_000_000L;

    /** One sweep for all: a timer per connection would cost a system call per request. */
    private static final long SWEEP_MILLIS = 1_000;

    /** A loopback connect answers in microseconds or not at all. */
    private static final int CONNECT_MILLIS_MAX = 2_000;

    private static final int LINE_BYTES_MAX = 8_192;
    private static final int HEAD_BYTES_MAX = 32_768;

    /** Pieces go to the client as they were read; larger ones would only cost memory per connection. */
    private static final int PIECE_BYTES_MAX = 65_536;

    private final EventLoop loop;
    private final Watchman watchman;
    private final Bootstrap bootstrap;
    private final Map<InetSocketAddress, ArrayDeque<EngineConnection>> idle = new HashMap<>();
    private final Set<EngineConnection> open = new HashSet<>();
    private boolean isSweepDue;

    EnginePool(EventLoop loop, Class<? extends Channel> channel) {
        this.loop = loop;
        this.watchman = new Watchman(loop);
        this.bootstrap = new Bootstrap()
                .group(loop)
                .channel(channel)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS_MAX)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline()
                                .addLast(
                                        new HttpRequestEncoder(),
                                        new HttpResponseDecoder(LINE_BYTES_MAX, HEAD_BYTES_MAX, PIECE_BYTES_MAX));
                    }
                });
    }

    EventLoop loop() {
        return loop;
    }

    Watchman watchman() {
        return watchman;
    }

    /** Sends the request and hands the answer to {@code receiver}, later but on this loop. */
    Flow send(TcpEngine engine, UpstreamRequest request, Receiver receiver) {
        var call = new EngineCall(this, engine, request, receiver);
        EngineConnection kept = takeIdle(engine.address());
        if (kept != null) call.sendOver(kept, true);
        else connect(call);
        return call;
    }

    void connect(EngineCall call) {
        ChannelFuture connecting = bootstrap.connect(call.engine().address());
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                call.unreachable();
                return;
            }
            var connection = new EngineConnection(this, call.engine().address(), connecting.channel());
            connection.channel().pipeline().addLast(connection);
            open.add(connection);
            call.sendOver(connection, false);
        });
    }

    /** Takes a connection back after a whole answer. */
    void release(EngineConnection connection) {
        ArrayDeque<EngineConnection> waiting =
                idle.computeIfAbsent(connection.address(), address -> new ArrayDeque<>());
        if (waiting.size() >= IDLE_MAX) {
            connection.channel().close();
            return;
        }
        waiting.push(connection);
        connection.isIdleFrom(System.nanoTime());
        sweepLater();
    }

    /** Forgets a connection that has closed. */
    void closed(EngineConnection connection) {
        open.remove(connection);
        ArrayDeque<EngineConnection> waiting = idle.get(connection.address());
        if (waiting != null && waiting.remove(connection) && waiting.isEmpty()) idle.remove(connection.address());
    }

    void closeAllTo(InetSocketAddress address) {
        for (EngineConnection connection : new ArrayList<>(open))
            if (connection.address().equals(address)) connection.channel().close();
    }

    private @Nullable EngineConnection takeIdle(InetSocketAddress address) {
        ArrayDeque<EngineConnection> waiting = idle.get(address);
        if (waiting == null) return null;
        EngineConnection connection = waiting.poll();
        if (waiting.isEmpty()) idle.remove(address);
        return connection;
    }

    private void sweepLater() {
        if (isSweepDue) return;
        isSweepDue = true;
        loop.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void sweep() {
        isSweepDue = false;
        long now = System.nanoTime();
        for (ArrayDeque<EngineConnection> waiting : new ArrayList<>(idle.values()))
            for (EngineConnection connection : new ArrayList<>(waiting))
                if (connection.idleNanos(now) > IDLE_NANOS_MAX)
                    connection.channel().close();
        if (!idle.isEmpty()) sweepLater();
    }
}
