package mesh.daemon.edge;

import java.io.IOException;
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
 * What all connections of one way in share, be it a port or the streams of peers: routes, gate, bounds, and what they
 * hold between them. Used from any event loop.
 */
final class Desk {
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);
    private static final Log log = Log.of(Desk.class);

    private final EdgeLoops loops;
    private final RouteTable routes;
    private final EdgeSettings settings;
    private final Gate gate;
    private final Consumer<Served> observer;
    private final Set<EdgeHandler> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile boolean isClosing;
    private volatile Dated date = new Dated(0, "");

    /** The spill folder is emptied, and belongs to this desk alone. */
    Desk(EdgeLoops loops, RouteTable routes, EdgeSettings settings, Consumer<Served> observer) throws IOException {
        this.loops = loops;
        this.routes = routes;
        this.settings = settings;
        this.gate = new Gate(settings.hostNames(), settings.origins());
        this.observer = observer;
        emptySpillFolder(settings.spillFolder());
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

    int connections() {
        return connections.size();
    }

    boolean isClosing() {
        return isClosing;
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

    /** Whether there is room for one connection more. */
    boolean hasRoom() {
        if (isClosing) return false;
        if (connections.size() < settings.connectionsMax()) return true;
        log.debug("connection.refused", "connections", connections.size());
        return false;
    }

    void opened(EdgeHandler connection) {
        connections.add(connection);
    }

    void closed(EdgeHandler connection) {
        connections.remove(connection);
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

    /** Lets exchanges under way end within {@code grace}, then cuts the rest. Blocks. */
    void close(Duration grace) throws InterruptedException {
        isClosing = true;
        connections.forEach(EdgeHandler::closeWhenDone);
        long deadline = System.nanoTime() + grace.toNanos();
        while (!connections.isEmpty() && System.nanoTime() < deadline) Thread.sleep(10);
        connections.forEach(EdgeHandler::closeNow);
    }

    /** Cuts all at once. */
    void closeNow() {
        isClosing = true;
        connections.forEach(EdgeHandler::closeNow);
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
