package mesh.daemon.edge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import mesh.core.openai.ModelPeek;

/** An edge server on a free port, with what it reported. */
final class TestPort implements AutoCloseable {
    static final String CHAT = "/v1/chat/completions";

    private final EdgeLoops loops = EdgeLoops.start(2);
    private final Path spill;
    private final EdgeServer server;
    final BlockingQueue<Served> served = new LinkedBlockingQueue<>();

    TestPort(RouteTable routes) throws IOException {
        this(routes, defaults());
    }

    TestPort(RouteTable routes, EdgeSettings settings) throws IOException {
        spill = settings.spillFolder();
        server = EdgeServer.start(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), routes, settings, served::add);
    }

    /** Relays chat to one engine, whatever the model. */
    static TestPort before(MockEngine engine) throws IOException {
        return new TestPort(chatTo(engine.upstream()));
    }

    static RouteTable chatTo(TcpEngine engine) {
        return new RouteTable().forward(CHAT, (exchange, peek) -> {
            if (peek.model() instanceof ModelPeek.Named.Model(var name)) exchange.answerHeader("x-mesh-model", name);
            return new Action.Choice.To(engine, CHAT);
        });
    }

    static EdgeSettings defaults() throws IOException {
        return EdgeSettings.loopbackOnly(Files.createTempDirectory("edge-test"));
    }

    static EdgeSettings impatient(int connectionsMax, long idleMillisMax, long stallMillisMax) throws IOException {
        return new EdgeSettings(
                List.of(),
                List.of(),
                Files.createTempDirectory("edge-test"),
                EdgeSettings.BODY_BYTES_MAX,
                EdgeSettings.BODY_MEMORY_BYTES_MAX,
                connectionsMax,
                idleMillisMax,
                stallMillisMax);
    }

    int port() {
        return server.port();
    }

    EdgeServer server() {
        return server;
    }

    EdgeLoops loops() {
        return loops;
    }

    Path spill() {
        return spill;
    }

    Served nextServed() throws InterruptedException {
        Served next = served.poll(10, TimeUnit.SECONDS);
        if (next == null) throw new AssertionError("no exchange ended within 10 s");
        return next;
    }

    /** Until an engine that would write for ever cannot write any more. */
    static void awaitStandstill(AtomicLong written) throws InterruptedException {
        long[] seen = {-1};
        await("the engine to stall", () -> {
            long before = seen[0];
            seen[0] = written.get();
            LockSupport.parkNanos(100_000_000);
            return before > 0 && before == seen[0];
        });
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) throw new AssertionError("not within 10 s: " + what);
            Thread.sleep(2);
        }
    }

    @Override
    public void close() {
        server.close();
        loops.close();
        if (!Files.exists(spill)) return;
        try (var bodies = Files.list(spill)) {
            for (Path body : bodies.toList()) Files.delete(body);
            Files.delete(spill);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
