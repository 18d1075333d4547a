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
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import mesh.daemon.log.Log;

/**
 * One listening port: its routes, its gate, its connections. Started and closed by the daemon; everything between
 * happens on the event loops.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
public final class EdgeServer implements AutoCloseable {
    private static final int BACKLOG = 1_024;

    /** Above the high mark the engine is not read; below the low one it is again. Two to four reads of one socket. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(64 << 10, 256 << 10);

    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);
    private static final Log log = Log.of(EdgeServer.class);

    private final EdgeLoops loops;
    private final RouteTable routes;
    private final EdgeSettings settings;
    private final Gate gate;
    private final Consumer<Served> observer;
    private final Channel channel;
    private final Set<EdgeHandler> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile boolean isClosing;
    private volatile Dated date = new Dated(0, "");

    private EdgeServer(
            EdgeLoops loops,
            InetSocketAddress address,
            RouteTable routes,
            EdgeSettings settings,
            Consumer<Served> observer)
            throws IOException {
        this.loops = loops;
        this.routes = routes;
        this.settings = settings;
        this.gate = new Gate(settings.hostNames(), settings.origins());
        this.observer = observer;
        emptySpillFolder(settings.spillFolder());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
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
        return new EdgeServer(loops, address, routes, settings, observer);
    }

    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    public int connections() {
        return connections.size();
    }

    /** Stops accepting, lets exchanges under way end within {@code grace}, then cuts the rest. Blocks. */
    public void close(Duration grace) throws InterruptedException {
        isClosing = true;
        channel.close().await();
        connections.forEach(EdgeHandler::closeWhenDone);
        long deadline = System.nanoTime() + grace.toNanos();
        while (!connections.isEmpty() && System.nanoTime() < deadline) Thread.sleep(10);
        connections.forEach(EdgeHandler::closeNow);
    }

    /** Stops at once. */
    @Override
    public void close() {
        isClosing = true;
        channel.close().awaitUninterruptibly();
        connections.forEach(EdgeHandler::closeNow);
    }

    EdgeLoops loops() {
        return loops;
    }

    RouteTable routes() {
        return routes;
    }

    EdgeSettings settings() {
        return settings;
    }

    Gate gate() {
        return gate;
    }

    AtomicLong heldBytes() {
        return heldBytes;
    }

    /** Formatted once a second; two threads doing so at the same time do no harm. */
    String date() {
        long second = System.currentTimeMillis() / 1_000;
        Dated known = date;
        if (known.second == second) return known.text;
        String text = HTTP_DATE.format(Instant.ofEpochSecond(second));
        date = new Dated(second, text);
        return text;
    }

    boolean isClosing() {
        return isClosing;
    }

    void served(Served served) {
        log.debug(
                "request.done",
                "id",
                served.requestId(),
                "method",
                served.method(),
                "path",
                served.path(),
                "status",
                served.status(),
                "model",
                served.labels().getOrDefault("x-mesh-model", ""),
                "requestBytes",
                served.requestBytes(),
                "responseBytes",
                served.responseBytes(),
                "totalMicros",
                served.totalNanos() / 1_000,
                "ending",
                served.ending());
        observer.accept(served);
    }

    void closed(EdgeHandler connection) {
        connections.remove(connection);
    }

    private void accept(Channel client) {
        if (connections.size() >= settings.connectionsMax()) {
            log.debug("connection.refused", "connections", connections.size());
            client.close();
            return;
        }
        var handler = new EdgeHandler(this);
        connections.add(handler);
        client.pipeline().addLast(new RequestDecoder(), new HttpResponseEncoder(), handler);
    }

    /** What a daemon that was killed left behind. */
    private static void emptySpillFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (DirectoryStream<Path> leftBehind = Files.newDirectoryStream(folder, "*.body")) {
            for (Path file : leftBehind) Files.deleteIfExists(file);
        }
    }

    private record Dated(long second, String text) {}
}
