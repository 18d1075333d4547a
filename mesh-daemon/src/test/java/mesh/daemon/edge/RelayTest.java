package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakWatch.class)
class RelayTest {
    private static final String CHAT = TestPort.CHAT;

    @Test
    void answerOfTheEngineArrivesWholeWithItsStatusAndOurHeaders() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(CHAT + "?beta=true", "{\"model\":\"m\"}"));

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("{\"path\":\"" + CHAT + "\",\"bytes\":13}");
            assertThat(response.header("x-request-id")).startsWith("req_");
            assertThat(response.header("x-mesh-model")).isEqualTo("m");
            assertThat(engine.calls.getFirst().head()).contains("authorization: Bearer key");
        }
    }

    @Test
    void clientsHeadersDoNotReachTheEngine() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            Wire.once(
                    port.port(),
                    "POST " + CHAT + " HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\nAuthorization: Bearer theirs\r\n"
                            + "X-Api-Key: k\r\nAccept-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");

            assertThat(engine.calls.getFirst().head().toLowerCase(java.util.Locale.ROOT))
                    .doesNotContain("cookie", "theirs", "x-api-key", "accept-encoding")
                    .contains("bearer key");
        }
    }

    @Test
    void eventsArriveOneByOneAsTheEngineWritesThem() throws Exception {
        var next = new java.util.concurrent.Semaphore(0);
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    for (int i = 0; i < 3; i++) {
                        next.acquire();
                        call.event("e" + i);
                    }
                    call.endEvents();
                });
                var port = TestPort.before(engine);
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            wire.skipHead();

            for (int i = 0; i < 3; i++) {
                next.release();
                assertThat(wire.line()).isEqualTo("a");
                assertThat(wire.line()).isEqualTo("data: e" + i);
                assertThat(wire.line()).isEmpty();
                assertThat(wire.line()).isEmpty();
            }
        }
    }

    @Test
    void connectionsToTheEngineAreUsedAgain() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine);
                var wire = new Wire(port.port())) {
            for (int i = 0; i < 20; i++)
                assertThat(wire.send(Wire.post(CHAT, "{}")).response().status()).isEqualTo(200);

            assertThat(engine.connections.get()).isEqualTo(1);
        }
    }

    @Test
    void idleConnectionToTheEngineIsLeftBeforeTheEngineWouldCloseIt() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            Wire.once(port.port(), Wire.post(CHAT, "{}"));
            long start = System.nanoTime();
            TestPort.await("the connection to be left", () -> engine.leftIdle.get() == 1);

            // llama-server closes after 5 s.
            assertThat(System.nanoTime() - start).isLessThan(4_900_000_000L);
        }
    }

    @Test
    void keptConnectionThatTheEngineClosedIsReplacedUnseen() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.answer("application/json", "{}");
                    throw new InterruptedException("close after each answer without saying so");
                });
                var port = TestPort.before(engine);
                var wire = new Wire(port.port())) {
            for (int i = 0; i < 50; i++)
                assertThat(wire.send(Wire.post(CHAT, "{}")).response().status()).isEqualTo(200);
        }
    }

    @Test
    void engineThatDiesMidStreamEndsTheStreamWithAnErrorEventAndNoProperEnd() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.event("one");
                    call.chunk("data: ha");
                    throw new InterruptedException("dies");
                });
                var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.isCut()).isTrue();
            assertThat(response.body()).startsWith("data: one\n\ndata: ha\n\ndata: {\"error\":{\"message\":");
            assertThat(response.body()).contains("\"code\":\"engine_died\"").endsWith("}}\n\n");
            assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CUT);
        }
    }

    @Test
    void engineThatDiesMidAnswerLeavesItCut() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":");
                    throw new InterruptedException("dies");
                });
                var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.isCut()).isTrue();
            assertThat(response.body()).isEqualTo("{\"a\":");
        }
    }

    @Test
    void engineThatDiesBeforeItsAnswerIsBadGateway() throws Exception {
        try (var engine = new MockEngine(call -> {
                    throw new InterruptedException("dies");
                });
                var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.body()).contains("\"type\":\"server_error\"", "\"code\":\"engine_died\"");
        }
    }

    @Test
    void engineThatSpeaksGarbageIsBadGateway() throws Exception {
        try (var engine = new MockEngine(call -> call.raw("what?\r\n\r\n"));
                var port = TestPort.before(engine)) {
            assertThat(Wire.once(port.port(), Wire.post(CHAT, "{}")).status()).isEqualTo(502);
        }
    }

    @Test
    void engineThatIsNotThereIsServiceUnavailable() throws Exception {
        var engine = MockEngine.echo();
        engine.close();
        try (var port = TestPort.before(engine)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("retry-after")).isEqualTo("1");
            assertThat(response.body()).contains("\"code\":\"engine_unreachable\"");
        }
    }

    @Test
    void clientThatLeavesMidStreamCancelsAtTheEngineOnceEach() throws Exception {
        try (var engine = new MockEngine(RelayTest::streamForEver);
                var port = TestPort.before(engine)) {
            for (int i = 1; i <= 20; i++) {
                try (var wire = new Wire(port.port())) {
                    wire.send(Wire.post(CHAT, "{}"));
                    assertThat(wire.line()).contains("200");
                    if (i % 2 == 0) wire.socket().setSoLinger(true, 0);
                }
                int cancels = i;
                TestPort.await("cancel " + i, () -> engine.cutByClient.get() == cancels);
                assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CLIENT_GONE);
            }
        }
    }

    @Test
    void clientThatLeavesBeforeTheAnswerCancelsAtTheEngine() throws Exception {
        var asked = new CountDownLatch(1);
        try (var engine = new MockEngine(call -> {
                    asked.countDown();
                    if (call.socket().getInputStream().read() < 0) throw new IOException("client left");
                });
                var port = TestPort.before(engine)) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.post(CHAT, "{}"));
                assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            }

            TestPort.await("cancel", () -> engine.cutByClient.get() == 1);
        }
    }

    @Test
    void slowReaderStopsTheEngineAndLosesNothing() throws Exception {
        int events = 40_000;
        String data = "x".repeat(1_000);
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    for (int i = 0; i < events; i++) call.event(i + " " + data);
                    call.endEvents();
                });
                var port = TestPort.before(engine);
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            TestPort.awaitStandstill(engine.written);

            assertThat(engine.written.get()).isLessThan(24L << 20);
            assertThat(Wire.once(port.port(), Wire.post("/nowhere", "{}")).status())
                    .isEqualTo(404);

            var response = wire.response();
            assertThat(response.isCut()).isFalse();
            assertThat(response.body()).contains("data: " + (events - 1) + " ").endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void smallWritesAreNotDelayed() throws Exception {
        try (var engine = SmallWrites.engine();
                var port = TestPort.before(engine)) {
            assertThat(SmallWrites.medianMillis(port.port())).isLessThan(SmallWrites.MILLIS_MAX);
        }
    }

    @Test
    void bodyOfTwentyFourMegabytesWithTheModelLastGoesThroughTheDisk() throws Exception {
        String filler = "A".repeat(24 << 20);
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            String body = "{\"messages\":[{\"content\":\"" + filler + "\"}],\"model\":\"last\"}";
            var response = Wire.once(port.port(), Wire.post(CHAT, body));

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("x-mesh-model")).isEqualTo("last");
            assertThat(engine.calls.getFirst().body().equals(body)).isTrue();
            TestPort.await("the spilled body to go", () -> isEmpty(port));
        }
    }

    @Test
    void clientThatLeavesInTheMiddleOfALargeBodyLeavesNoFile() throws Exception {
        try (var engine = MockEngine.echo();
                var port = TestPort.before(engine)) {
            for (int megabytes = 9; megabytes < 14; megabytes++) {
                try (var wire = new Wire(port.port())) {
                    wire.send("POST " + CHAT
                            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n{\"a\":\"");
                    wire.send("A".repeat(megabytes << 20));
                }
                assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CLIENT_GONE);
            }

            TestPort.await("the spilled bodies to go", () -> isEmpty(port));
            assertThat(engine.calls).isEmpty();
        }
    }

    @Test
    void closingTheConnectionsOfAnEngineEndsItsExchanges() throws Exception {
        try (var engine = new MockEngine(RelayTest::streamForEver);
                var port = TestPort.before(engine);
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            assertThat(wire.line()).contains("200");

            port.loops().closeConnectionsTo(engine.upstream().address());

            TestPort.await("cancel", () -> engine.cutByClient.get() == 1);
            assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CUT);
        }
    }

    private static void streamForEver(MockEngine.Call call) throws Exception {
        call.startEvents();
        Socket socket = call.socket();
        while (!socket.isClosed()) {
            call.event("tick");
            Thread.sleep(1);
        }
    }

    private static boolean isEmpty(TestPort port) {
        try (var files = Files.list(port.spill())) {
            return files.findAny().isEmpty();
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }
}
