package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.daemon.feed.Feed;
import mesh.daemon.log.RecentLines;
import org.junit.jupiter.api.Test;

/** The feed as bytes on a socket. */
class FeedWireTest {
    private final AtomicInteger value = new AtomicInteger(1);
    private volatile Object filler = "";

    @Test
    void streamBeginsWithTheStateAndGoesOnWithChanges() throws Exception {
        try (var port = new TestPort(routes());
                var wire = new Wire(port.port())) {
            wire.send(Wire.get("/mesh/v1/events")).skipHead();
            String id = until(wire, "id: ");
            String event = wire.line();
            String data = wire.line();

            assertThat(id).isEqualTo("id: life-1");
            assertThat(event).isEqualTo("event: state");
            assertThat(data).contains("\"self\":1");
            value.set(2);
            assertThat(until(wire, "id: ")).isEqualTo("id: life-2");
            assertThat(wire.line()).isEqualTo("event: delta");
            assertThat(wire.line()).contains("\"self\":2").contains("\"version\":2");
        }
    }

    @Test
    void readerThatComesBackGetsOnlyWhatItMissed() throws Exception {
        try (var port = new TestPort(routes())) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.get("/mesh/v1/events")).skipHead();
                until(wire, "id: life-1");
            }
            value.set(2);
            try (var wire = new Wire(port.port())) {
                wire.send("GET /mesh/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: life-1\r\n\r\n")
                        .skipHead();

                assertThat(until(wire, "id: ")).isEqualTo("id: life-2");
                assertThat(wire.line()).isEqualTo("event: delta");
            }
        }
    }

    @Test
    void readerThatStopsReadingIsCutOff() throws Exception {
        filler = "x".repeat(4 << 20);
        try (var port = new TestPort(routes(), TestPort.impatient(10, 60_000, 300));
                var wire = new Wire(port.port())) {
            wire.send(Wire.get("/mesh/v1/events")).skipHead();

            TestPort.await("the reader to be cut off", () -> {
                value.incrementAndGet();
                filler = "x".repeat(4 << 20) + value.get();
                return port.server().connections() == 0;
            });
            assertThat(port.nextServed().ending()).isNotEqualTo(Served.Ending.WHOLE);
        }
    }

    private RouteTable routes() {
        var routes = new RouteTable();
        var feed = new Feed(
                now -> new TreeMap<>(Map.of("self", value.get(), "filler", filler)),
                new RecentLines(),
                "life",
                System::currentTimeMillis);
        feed.addTo(routes);
        return routes;
    }

    private static String until(Wire wire, String beginning) throws IOException {
        String line = wire.line();
        for (int i = 0; i < 1_000 && !line.startsWith(beginning); i++) line = wire.line();
        return line;
    }
}
