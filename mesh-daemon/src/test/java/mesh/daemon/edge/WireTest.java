package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.1 byte by byte, over a bare socket: what is honoured, what is refused, and how it ends. */
@ExtendWith(LeakWatch.class)
class WireTest {
    private static final String CHAT = TestPort.CHAT;
    private static final String HOST = "Host: localhost\r\n";

    private static MockEngine engine;
    private static TestPort port;

    @BeforeAll
    static void start() throws Exception {
        engine = MockEngine.echo();
        port = new TestPort(TestPort.chatTo(engine.upstream())
                .local("GET", "/hello", exchange -> exchange.respond(200, "text/plain", "hello")));
    }

    @AfterAll
    static void stop() throws Exception {
        port.close();
        engine.close();
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        try (var wire = new Wire(port.port())) {
            var requests = new StringBuilder();
            for (int i = 0; i < 300; i++)
                requests.append(
                        i % 3 == 0 ? Wire.post(CHAT, "{\"n\":" + i + "}") : Wire.get(i % 3 == 1 ? "/hello" : "/" + i));
            wire.send(requests.toString());

            for (int i = 0; i < 300; i++) {
                var response = wire.response();
                switch (i % 3) {
                    case 0 -> assertThat(response.body()).contains("\"bytes\":" + ("{\"n\":" + i + "}").length());
                    case 1 -> assertThat(response.body()).isEqualTo("hello");
                    default -> assertThat(response.body()).contains("GET /" + i + "\"");
                }
            }
        }
    }

    @Test
    void requestsPipelinedBehindASlowOneWaitInABoundedQueue() throws Exception {
        var release = new Semaphore(0);
        try (var slow = new MockEngine(call -> {
                    release.acquire();
                    call.answer("application/json", "{}");
                });
                var slowPort = TestPort.before(slow);
                var wire = new Wire(slowPort.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            TestPort.await("the slow request", () -> slow.calls.size() == 1);
            String more = Wire.get("/x").repeat(1_000);
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 2_000; i++) wire.send(more);
                } catch (java.io.IOException closed) {
                    // The test has seen enough.
                }
            });
            // 80 MB of requests: they end up in socket buffers of a few MB and then block the client.
            assertThat(writer.join(java.time.Duration.ofSeconds(1))).isFalse();

            release.release();
            assertThat(wire.response().body()).isEqualTo("{}");
            for (int i = 0; i < 5_000; i++) assertThat(wire.response().status()).isEqualTo(404);
        }
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        try (var wire = new Wire(port.port())) {
            var head = wire.send("HEAD /hello HTTP/1.1\r\n" + HOST + "\r\n").bodylessResponse();
            var get = wire.send(Wire.get("/hello")).response();

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("content-length")).isEqualTo("5");
            assertThat(get.body()).isEqualTo("hello");
        }
    }

    @Test
    void http10IsAnsweredAndClosed() throws Exception {
        try (var wire = new Wire(port.port())) {
            var response = wire.send("GET /hello HTTP/1.0\r\n\r\n").response();

            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void http10WithKeepAliveIsKept() throws Exception {
        try (var wire = new Wire(port.port())) {
            String request = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

            assertThat(wire.send(request).response().header("connection")).isEqualTo("keep-alive");
            assertThat(wire.send(request).response().body()).isEqualTo("hello");
        }
    }

    @Test
    void http10StreamEndsWithTheConnectionAndHasNoChunks() throws Exception {
        try (var streaming = new MockEngine(call -> {
                    call.startEvents();
                    call.event("one");
                    call.endEvents();
                });
                var streamPort = TestPort.before(streaming);
                var wire = new Wire(streamPort.port())) {
            var response = wire.send("POST " + CHAT + " HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
                    .response();

            assertThat(response.header("transfer-encoding")).isEmpty();
            assertThat(response.body()).isEqualTo("data: one\n\ndata: [DONE]\n\n");
        }
    }

    @Test
    void connectionCloseIsHonoured() throws Exception {
        try (var wire = new Wire(port.port())) {
            var response = wire.send("GET /hello HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n")
                    .response();

            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void expectedContinueIsSentOnceTheRequestIsWelcome() throws Exception {
        try (var wire = new Wire(port.port())) {
            wire.send("POST " + CHAT + " HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(wire.response().status()).isEqualTo(100);

            assertThat(wire.send("{}").response().body()).contains("\"bytes\":2");
        }
    }

    @Test
    void unwelcomeRequestThatExpectsContinueGetsItsRefusalAtOnce() throws Exception {
        try (var wire = new Wire(port.port())) {
            var response = wire.send("POST " + CHAT + " HTTP/1.1\r\n" + HOST
                            + "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
                    .response();

            assertThat(response.status()).isEqualTo(413);
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void otherExpectationsFail() throws Exception {
        var response = Wire.once(port.port(), "GET /hello HTTP/1.1\r\n" + HOST + "Expect: miracles\r\n\r\n");

        assertThat(response.status()).isEqualTo(417);
    }

    @Test
    void bodyInSingleByteChunksArrivesWhole() throws Exception {
        String body = "{\"messages\":[\"" + "y".repeat(3_000) + "\"],\"model\":\"tiny\"}";
        var chunks = new StringBuilder();
        for (char c : body.toCharArray()) chunks.append("1\r\n").append(c).append("\r\n");

        var response = Wire.once(
                port.port(),
                "POST " + CHAT + " HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");

        assertThat(response.body()).contains("\"bytes\":" + body.length());
        assertThat(response.header("x-mesh-model")).isEqualTo("tiny");
    }

    @Test
    void requestInSingleByteWritesIsUnderstood() throws Exception {
        try (var wire = new Wire(port.port())) {
            for (char c : Wire.post(CHAT, "{\"a\":1}").toCharArray()) wire.send(String.valueOf(c));

            assertThat(wire.response().body()).contains("\"bytes\":7");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
                "Content-Length: 2, 2\r\n\r\n{}",
                "Content-Length: +2\r\n\r\n{}",
                "Content-Length: -2\r\n\r\n{}",
                "Content-Length: 0x2\r\n\r\n{}",
                "Content-Length: 99999999999999999999\r\n\r\n{}",
                "Content-Length : 2\r\n\r\n{}",
                "Transfer-Encoding: xchunked\r\n\r\n{}",
                "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
                "X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
                "X-Folded: a\r\n\tb\r\nContent-Length: 2\r\n\r\n{}",
                "Content-Length: 2\n\n{}",
                "X-Bare: a\nContent-Length: 2\r\n\r\n{}",
                "X-Null: a\0b\r\nContent-Length: 2\r\n\r\n{}",
                "No colon at all\r\nContent-Length: 2\r\n\r\n{}",
                ": empty\r\nContent-Length: 2\r\n\r\n{}",
                "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            })
    void whatTwoServersMightReadDifferentlyIsRefusedAndTheConnectionClosed(String rest) throws Exception {
        int before = engine.calls.size();
        try (var wire = new Wire(port.port())) {
            var response =
                    wire.send("POST " + CHAT + " HTTP/1.1\r\n" + HOST + rest).response();

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.body()).contains("\"code\":\"malformed_request\"");
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(wire.isClosed()).isTrue();
            assertThat(engine.calls).hasSize(before);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0016\u0003\u0001\u0002\u0000\r\n\r\n",
                "hello\r\n\r\n",
                "GET\r\n\r\n",
                " GET /hello HTTP/1.1\r\n\r\n"
            })
    void garbageIsRefused(String garbage) throws Exception {
        assertThat(Wire.once(port.port(), garbage).status()).isEqualTo(400);
    }

    @Test
    void foldedLineIsRefusedHoweverTheBytesArrive() throws Exception {
        String request = "\r\nGET /hello HTTP/1.1\r\n" + HOST + "X: a\r\n b\r\n\r\n";
        for (int cut = 1; cut < request.length(); cut++) {
            try (var wire = new Wire(port.port())) {
                wire.send(request.substring(0, cut));
                wire.send(request.substring(cut));

                assertThat(wire.response().status()).as("cut at %d", cut).isEqualTo(400);
            }
        }
    }

    @Test
    void spaceAtTheStartOfABodyIsNoFoldedLine() throws Exception {
        try (var wire = new Wire(port.port())) {
            for (int i = 0; i < 3; i++) {
                wire.send(Wire.post(CHAT, "").replace("Content-Length: 0", "Content-Length: 3"));
                assertThat(wire.send(" {}").response().body()).contains("\"bytes\":3");
            }
        }
    }

    @Test
    void headersOfSeventyKilobytesGetTheirAnswerBeforeTheEnd() throws Exception {
        try (var wire = new Wire(port.port())) {
            var response = wire.send("GET /hello HTTP/1.1\r\n" + HOST + "X-Big: " + "h".repeat(70_000) + "\r\n\r\n")
                    .response();

            assertThat(response.status()).isEqualTo(431);
            assertThat(response.body()).contains("\"code\":\"headers_too_large\"");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void longRequestLineIsRefused() throws Exception {
        assertThat(Wire.once(port.port(), Wire.get("/" + "p".repeat(9_000))).status())
                .isEqualTo(414);
    }

    @Test
    void bodyBeyondTheBoundIsRefusedWhetherAnnouncedOrNot() throws Exception {
        var small = new EdgeSettings(
                List.of(), List.of(), TestPort.defaults().spillFolder(), 1_000, 1_000, 10, 9_000, 9_000);
        try (var smallPort = new TestPort(TestPort.chatTo(engine.upstream()), small)) {
            String body = "{\"a\":\"" + "b".repeat(2_000) + "\"}";
            var announced = Wire.once(smallPort.port(), Wire.post(CHAT, body));
            var chunked = Wire.once(
                    smallPort.port(),
                    "POST " + CHAT + " HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n"
                            + Integer.toHexString(body.length()) + "\r\n" + body + "\r\n0\r\n\r\n");

            assertThat(announced.status()).isEqualTo(413);
            assertThat(chunked.status()).isEqualTo(413);
            assertThat(chunked.body()).contains("\"code\":\"body_too_large\"");
        }
    }

    @Test
    void connectionSurvivesARefusalWhoseBodyIsShort() throws Exception {
        try (var wire = new Wire(port.port())) {
            assertThat(wire.send(Wire.post("/nowhere", "{\"a\":1}")).response().status())
                    .isEqualTo(404);
            assertThat(wire.send(Wire.post(CHAT, "not json at all")).response().status())
                    .isEqualTo(400);

            assertThat(wire.send(Wire.get("/hello")).response().body()).isEqualTo("hello");
        }
    }

    @Test
    void refusalOfALongBodyIsReadableBeforeTheConnectionEnds() throws Exception {
        try (var wire = new Wire(port.port())) {
            wire.send("POST /nowhere HTTP/1.1\r\n" + HOST + "Content-Length: 40000000\r\n\r\n");
            wire.send("a".repeat(300_000));

            var response = wire.response();
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.header("connection")).isEqualTo("close");
        }
    }

    @Test
    void knownPathWithAnotherMethodNamesWhatItTakes() throws Exception {
        for (String method : List.of("GET", "PUT", "BREW")) {
            var response = Wire.once(port.port(), method + " " + CHAT + " HTTP/1.1\r\n" + HOST + "\r\n");

            assertThat(response.status()).isEqualTo(405);
            assertThat(response.header("allow")).isEqualTo("POST, OPTIONS");
        }
    }

    @Test
    void optionsIsAnsweredWithoutABody() throws Exception {
        try (var wire = new Wire(port.port())) {
            var options = wire.send("OPTIONS " + CHAT + " HTTP/1.1\r\n" + HOST + "\r\n")
                    .response();
            var all = wire.send("OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n").response();

            assertThat(List.of(options.status(), all.status())).containsExactly(204, 204);
            assertThat(wire.send(Wire.get("/hello")).response().body()).isEqualTo("hello");
        }
    }

    @Test
    void otherVersionsOfHttpAreNotSpoken() throws Exception {
        assertThat(Wire.once(port.port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status())
                .isEqualTo(505);
    }

    @Test
    void absoluteTargetIsUnderstoodAndItsHostChecked() throws Exception {
        var ours = Wire.once(port.port(), "GET http://127.0.0.1:9337/hello HTTP/1.1\r\n" + HOST + "\r\n");
        var theirs = Wire.once(port.port(), "GET http://evil.example/hello HTTP/1.1\r\n" + HOST + "\r\n");

        assertThat(ours.body()).isEqualTo("hello");
        assertThat(theirs.status()).isEqualTo(421);
    }

    @Test
    void emptyAndCutBodiesAreNotJson() throws Exception {
        for (String body : List.of("", "{", "{\"a\":", "[]", "null", "\"model\"")) {
            var response = Wire.once(port.port(), Wire.post(CHAT, body));

            assertThat(response.status()).as(body).isEqualTo(400);
            assertThat(response.body()).contains("\"code\":\"invalid_json\"", "\"param\":null");
        }
    }

    @Test
    void compressedBodiesAreRefused() throws Exception {
        var response = Wire.once(
                port.port(),
                "POST " + CHAT + " HTTP/1.1\r\n" + HOST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");

        assertThat(response.status()).isEqualTo(415);
    }

    @Test
    void everyAnswerHasItsOwnRequestId() throws Exception {
        var seen = new ArrayList<String>();
        try (var wire = new Wire(port.port())) {
            for (String path : List.of("/hello", "/nowhere", "/hello"))
                seen.add(wire.send(Wire.get(path)).response().header("x-request-id"));
        }

        assertThat(seen).allMatch(id -> id.matches("req_[0-9a-f]{16}")).doesNotHaveDuplicates();
    }
}
