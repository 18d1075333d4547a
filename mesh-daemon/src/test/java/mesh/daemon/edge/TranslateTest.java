package mesh.daemon.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.Locale;
import mesh.core.openai.ApiError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests made into other ones, and their answers made into other ones, with an API that only shouts. */
@ExtendWith(LeakWatch.class)
class TranslateTest {
    private static final String PATH = "/api/shout";

    @Test
    void engineSeesTheTranslatedRequestAndTheClientTheTranslatedAnswer() throws Exception {
        try (var engine = MockEngine.echo();
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, "{\"a\":1}"));

            assertThat(engine.calls.getFirst().body()).isEqualTo("{\"SAID\":\"{\\\"A\\\":1}\"}");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("content-type")).isEqualTo(Exchange.LINES);
            assertThat(response.body()).isEqualTo("{\"PATH\":\"/ENGINE\",\"BYTES\":20}!");
            assertThat(response.isCut()).isFalse();
        }
    }

    @Test
    void bodyThatWentToDiskIsTranslatedWhole() throws Exception {
        String body = "{\"a\":\"" + "b".repeat(12 << 20) + "\"}";
        try (var engine = MockEngine.echo();
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, body));

            assertThat(response.status()).isEqualTo(200);
            assertThat(engine.calls.getFirst().body()).contains("B".repeat(12 << 20));
        }
    }

    @Test
    void refusalOfTheTranslatorIsAnsweredInTheCallersDialect() throws Exception {
        try (var engine = MockEngine.echo();
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, "{\"quiet\":true}"));

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.body()).isEqualTo("{\"error\":\"not so quiet\",\"code\":\"quiet\"}");
            assertThat(engine.calls).isEmpty();
        }
    }

    @Test
    void refusalOfTheEngineIsToldInTheCallersDialect() throws Exception {
        try (var engine = new MockEngine(
                        call -> call.raw(
                                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                                        + "Content-Length: 46\r\n\r\n{\"error\":{\"message\":\"too long\",\"type\":\"size\"}}"));
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, "{}"));

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.header("content-type")).isEqualTo("application/json");
            assertThat(response.body()).isEqualTo("{\"error\":\"too long\",\"code\":\"size\"}");
        }
    }

    @Test
    void engineThatDiesEndsAStreamOfLinesWithAnErrorLineAndNoProperEnd() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.chunk("one\n");
                    throw new InterruptedException("dies");
                });
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, "{}"));

            assertThat(response.isCut()).isTrue();
            assertThat(response.body()).startsWith("ONE\n{\"error\":\"").endsWith(",\"code\":\"engine_died\"}\n");
        }
    }

    @Test
    void answerThatMakesNoSenseEndsTheStreamAndIsCancelledAtTheEngine() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.chunk("one\n");
                    while (true) call.chunk("nonsense");
                });
                var port = shouting(engine)) {
            var response = Wire.once(port.port(), Wire.post(PATH, "{}"));

            assertThat(response.isCut()).isTrue();
            assertThat(response.body()).endsWith("{\"error\":\"nonsense\",\"code\":\"engine_odd\"}\n");
            TestPort.await("the cancel", () -> engine.cutByClient.get() == 1);
        }
    }

    @Test
    void slowReaderOfATranslatedStreamStopsTheEngineAndLosesNothing() throws Exception {
        int lines = 40_000;
        String line = "x".repeat(1_000);
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    for (int i = 0; i < lines; i++) call.chunk(i + line + "\n");
                    call.endEvents();
                });
                var port = shouting(engine);
                var wire = new Wire(port.port())) {
            wire.send(Wire.post(PATH, "{}"));
            long[] seen = {-1};
            TestPort.await("the engine to stall", () -> {
                long before = seen[0];
                seen[0] = engine.written.get();
                java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
                return before > 0 && before == seen[0];
            });

            assertThat(engine.written.get()).isLessThan(24L << 20);

            var response = wire.response();
            assertThat(response.isCut()).isFalse();
            assertThat(response.body()).contains("\n" + (lines - 1) + "XX").endsWith("!");
        }
    }

    private static TestPort shouting(MockEngine engine) throws Exception {
        Translator translator = ask -> {
            String body = ask.json().toString();
            if (body.contains("quiet")) throw new Refusal(ApiError.invalid(400, "quiet", "not so quiet"));
            String shouted = body.toUpperCase(Locale.ROOT).replace("\"", "\\\"");
            return new Translator.Translated(
                    "{\"SAID\":\"" + shouted + "\"}",
                    (exchange, peek) -> new Action.Choice.To(engine.upstream(), "/engine"),
                    new Shout());
        };
        return new TestPort(new RouteTable().translate(PATH, translator));
    }

    /** Makes every letter a capital one, and ends with an exclamation mark. */
    private static final class Shout implements AnswerTranslation {
        @Override
        public String begin(int status, String contentType) {
            return Exchange.LINES;
        }

        @Override
        public void piece(ByteBuf piece, ByteBuf out) throws Refusal {
            String text = piece.toString(UTF_8);
            if (text.contains("nonsense")) throw new Refusal(ApiError.server(502, "engine_odd", "nonsense"));
            out.writeCharSequence(text.toUpperCase(Locale.ROOT), UTF_8);
        }

        @Override
        public void end(ByteBuf out) {
            out.writeByte('!');
        }
    }
}
