package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A port as a whole: taken, crowded, idle, closing. */
@ExtendWith(LeakWatch.class)
class PortTest {
    private static RouteTable hello() {
        return new RouteTable().local("GET", "/hello", exchange -> exchange.respond(200, "text/plain", "hello"));
    }

    @Test
    void takenPortIsAnErrorThatNamesIt() throws Exception {
        try (var port = new TestPort(hello())) {
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port());

            assertThatThrownBy(
                            () -> EdgeServer.start(port.loops(), address, hello(), TestPort.defaults(), served -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(":" + port.port());
        }
    }

    @Test
    void manySilentConnectionsAreBoundedAndHarmNobody() throws Exception {
        try (var port = new TestPort(hello(), TestPort.impatient(500, 60_000, 60_000))) {
            List<Wire> silent = new ArrayList<>();
            for (int i = 0; i < 499; i++) silent.add(new Wire(port.port()));
            TestPort.await("all to be accepted", () -> port.server().connections() == 499);

            try (var wire = new Wire(port.port());
                    var refused = new Wire(port.port())) {
                assertThat(wire.send(Wire.get("/hello")).response().body()).isEqualTo("hello");
                assertThat(refused.isClosed()).isTrue();
            }
            for (Wire wire : silent) wire.close();
            TestPort.await("all to be gone", () -> port.server().connections() == 0);
        }
    }

    @Test
    void idleConnectionIsClosedAndAStalledBodyTimesOut() throws Exception {
        try (var engine = MockEngine.echo();
                var port = new TestPort(TestPort.chatTo(engine.upstream()), TestPort.impatient(10, 300, 200));
                var idle = new Wire(port.port());
                var partHead = new Wire(port.port());
                var stalled = new Wire(port.port())) {
            partHead.send("POST " + TestPort.CHAT + " HTTP/1.1\r\nHo");
            stalled.send(Wire.post(TestPort.CHAT, "{}").replace("Length: 2", "Length: 9"));

            var response = stalled.response();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(stalled.isClosed()).isTrue();
            assertThat(idle.isClosed()).isTrue();
            assertThat(partHead.isClosed()).isTrue();
            assertThat(engine.calls).isEmpty();
        }
    }

    @Test
    void silentEngineIsNotAStalledClient() throws Exception {
        try (var engine = new MockEngine(call -> {
                    Thread.sleep(600);
                    call.answer("application/json", "{}");
                });
                var port = new TestPort(TestPort.chatTo(engine.upstream()), TestPort.impatient(10, 100, 100))) {
            assertThat(Wire.once(port.port(), Wire.post(TestPort.CHAT, "{}")).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void clientThatReadsNothingIsGivenUpAndItsEngineFreed() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    while (true) call.event("x".repeat(10_000));
                });
                var port = new TestPort(TestPort.chatTo(engine.upstream()), TestPort.impatient(10, 60_000, 400));
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(TestPort.CHAT, "{}"));

            TestPort.await("the engine to be freed", () -> engine.cutByClient.get() == 1);
            assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CLIENT_GONE);
        }
    }

    @Test
    void closingLetsExchangesEndAndTakesNoNewOnes() throws Exception {
        var release = new Semaphore(0);
        try (var engine = new MockEngine(call -> {
                    release.acquire();
                    call.answer("application/json", "{}");
                });
                var port = TestPort.before(engine);
                var idle = new Wire(port.port());
                var busy = new Wire(port.port())) {
            busy.send(Wire.post(TestPort.CHAT, "{}"));
            TestPort.await("the request", () -> engine.calls.size() == 1);
            var closing = Thread.ofVirtual().start(() -> {
                try {
                    port.server().close(Duration.ofSeconds(20));
                } catch (InterruptedException stopped) {
                    // The assertions below then fail.
                }
            });

            assertThat(idle.isClosed()).isTrue();
            assertThatThrownBy(() -> Wire.once(port.port(), Wire.get("/"))).isInstanceOf(IOException.class);
            release.release();
            var response = busy.response();
            assertThat(response.body()).isEqualTo("{}");
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(closing.join(Duration.ofSeconds(10))).isTrue();
        }
    }

    @Test
    void closingCutsWhatDoesNotEndInTime() throws Exception {
        try (var engine = new MockEngine(call -> new Semaphore(0).acquire());
                var port = TestPort.before(engine);
                var busy = new Wire(port.port())) {
            busy.send(Wire.post(TestPort.CHAT, "{}"));
            TestPort.await("the request", () -> engine.calls.size() == 1);

            port.server().close(Duration.ofMillis(50));

            assertThat(busy.isClosed()).isTrue();
        }
    }

    @Test
    void everyExchangeIsReportedOnceWithItsSizes() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(TestPort.CHAT, "{\"model\":\"m\"}"));

            Served served = port.nextServed();
            assertThat(served.requestId()).isEqualTo(response.header("x-request-id"));
            assertThat(served.status()).isEqualTo(200);
            assertThat(served.requestBytes()).isEqualTo(13);
            assertThat(served.responseBytes()).isEqualTo(response.body().length());
            assertThat(served.labels()).containsEntry("x-mesh-model", "m");
            assertThat(served.firstByteNanos()).isPositive().isLessThanOrEqualTo(served.totalNanos());
            assertThat(port.served).isEmpty();
        }
    }
}
