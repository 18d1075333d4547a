package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What each dialect's callers see on the wire when something goes wrong, byte by byte. */
@ExtendWith(LeakWatch.class)
class DialectWireTest {
    private static final String MESSAGES = "/v1/messages";
    private static final String LINES = "/api/lines";
    private static final String REFUSED = "{\"error\":{\"message\":\"too long\",\"type\":\"size\"}}";

    @Test
    void messagesThatBreakOffEndWithAnErrorEventOfTheirOwn() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.chunk("event: message_start\ndata: {}\n\n");
                    call.chunk("event: content_bl");
                    throw new InterruptedException("dies");
                });
                var port = port(engine)) {
            var response = Wire.once(port.port(), Wire.post(MESSAGES + "?beta=true", "{}"));

            assertThat(response.isCut()).isTrue();
            assertThat(response.body())
                    .startsWith("event: message_start\ndata: {}\n\nevent: content_bl\n\n"
                            + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":")
                    .endsWith("\"code\":\"engine_died\"}}\n\n");
        }
    }

    @Test
    void refusalOfAnEngineKeepsItsStatusAndChangesItsShape() throws Exception {
        try (var engine = new MockEngine(call -> call.raw(
                        "HTTP/1.1 400 Bad Request\r\nContent-Length: " + REFUSED.length() + "\r\n\r\n" + REFUSED));
                var port = port(engine)) {
            var messages = Wire.once(port.port(), Wire.post(MESSAGES, "{}"));
            var chat = Wire.once(port.port(), Wire.post(TestPort.CHAT, "{}"));

            assertThat(messages.status()).isEqualTo(400);
            assertThat(messages.body())
                    .isEqualTo("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                            + "\"message\":\"too long\",\"code\":\"size\"}}");
            assertThat(messages.header("request-id")).isEqualTo(messages.header("x-request-id"));
            assertThat(chat.status()).isEqualTo(400);
            assertThat(chat.body()).isEqualTo(REFUSED);
        }
    }

    @Test
    void whateverIsRefusedBeforeAnyRouteIsRefusedInTheCallersDialect() throws Exception {
        try (var engine = MockEngine.echo();
                var port = port(engine)) {
            String body = "\r\nContent-Length: 2\r\n\r\n{}";
            var foreign = Wire.once(port.port(), "POST " + MESSAGES + " HTTP/1.1\r\nHost: example.com" + body);
            var method = Wire.once(port.port(), Wire.get(LINES));
            var unknown = Wire.once(port.port(), Wire.post("/api/none", "{}"));
            var version = Wire.once(
                    port.port(), "GET /v1/none HTTP/1.1\r\nHost: localhost\r\nanthropic-version: 2023-06-01\r\n\r\n");
            var expects = Wire.once(
                    port.port(),
                    "POST " + MESSAGES + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                            + "Content-Length: 99999999\r\n\r\n");

            assertThat(foreign.body()).startsWith("{\"type\":\"error\"").contains("host_not_allowed");
            assertThat(method.body()).startsWith("{\"error\":\"").contains("\"code\":\"method_not_allowed\"");
            assertThat(unknown.body()).startsWith("{\"error\":\"").contains("\"code\":\"unknown_url\"");
            assertThat(version.body()).contains("\"type\":\"not_found_error\"");
            assertThat(expects.status()).isEqualTo(413);
            assertThat(expects.body()).contains("\"type\":\"request_too_large\"");
        }
    }

    @Test
    void pipelinedCallersOfDifferentDialectsAreAnsweredInOrder() throws Exception {
        try (var engine = MockEngine.echo();
                var port = port(engine);
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(LINES, "{}")
                    + Wire.post(MESSAGES, "{\"a\":1")
                    + Wire.post(TestPort.CHAT, "[]")
                    + Wire.post(LINES, "{}"));

            assertThat(wire.response().body()).isEqualTo("{\"path\":\"/lines\",\"bytes\":2}\n");
            assertThat(wire.response().body()).startsWith("{\"type\":\"error\"").contains("invalid_json");
            assertThat(wire.response().body())
                    .startsWith("{\"error\":{\"message\"")
                    .contains("invalid_json");
            assertThat(wire.response().header("content-type")).isEqualTo(Exchange.LINES);
        }
    }

    @Test
    void http10CallerGetsItsLinesWithoutChunksAndTheEndOfTheConnection() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.event("one");
                    call.event("two");
                    call.endEvents();
                });
                var port = port(engine);
                var wire = new Wire(port.port())) {
            wire.send("POST " + LINES + " HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");
            var response = wire.response();

            assertThat(response.header("transfer-encoding")).isEmpty();
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(response.body()).isEqualTo("data: one\n\ndata: two\n\ndata: [DONE]\n\n\n");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void callerWhoLeavesATranslatedStreamCancelsItAtTheEngine() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    while (true) call.event("more");
                });
                var port = port(engine)) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.post(LINES, "{}")).skipHead();
                wire.line();
            }

            TestPort.await("the cancel", () -> engine.cutByClient.get() == 1);
            assertThat(port.nextServed().ending()).isEqualTo(Served.Ending.CLIENT_GONE);
        }
    }

    @Test
    void formIsRelayedAsItIsAndAnIncompleteOneRefused() throws Exception {
        String form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--b--\r\n";
        try (var engine = MockEngine.echo();
                var port = port(engine)) {
            var whole = Wire.once(port.port(), form(form));
            var cut = Wire.once(port.port(), form(form.substring(0, 60)));

            assertThat(whole.status()).isEqualTo(200);
            assertThat(engine.calls.getFirst().head()).contains("content-type: multipart/form-data; boundary=b");
            assertThat(engine.calls.getFirst().body()).isEqualTo(form);
            assertThat(cut.status()).isEqualTo(400);
            assertThat(cut.body()).contains("\"code\":\"invalid_form\"");
        }
    }

    private static String form(String body) {
        return "POST " + TestPort.CHAT + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: " + body.length() + "\r\n\r\n"
                + body;
    }

    /** Chat and messages go to the engine as they are; lines are any answer with one more line end. */
    private static TestPort port(MockEngine engine) throws IOException {
        RouteTable routes = TestPort.chatTo(engine.upstream());
        routes.forward(MESSAGES, (exchange, peek) -> new Action.Choice.To(engine.upstream(), MESSAGES));
        routes.translate(
                LINES,
                ask -> new Translator.Translated(
                        ask.json().toString(),
                        (exchange, peek) -> new Action.Choice.To(engine.upstream(), "/lines"),
                        new OneMoreLine()));
        return new TestPort(routes);
    }

    private static final class OneMoreLine implements AnswerTranslation {
        @Override
        public String begin(int status, String contentType) {
            return Exchange.LINES;
        }

        @Override
        public void piece(ByteBuf piece, ByteBuf out) {
            out.writeBytes(piece);
        }

        @Override
        public void end(ByteBuf out) {
            out.writeByte('\n');
        }
    }
}
