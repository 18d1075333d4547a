package mesh.core.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DialectTest {
    @Test
    void errorsCarryAllFourKeysAndEscapeWhatCallersSent() {
        String shown = Dialect.OPENAI.error(ApiError.modelNotFound("a\"b\n", List.of("ab", "abc")));

        assertThat(shown)
                .isEqualTo(
                        "{\"error\":{\"message\":\"the model 'a\\\"b\\n' does not exist here; did you mean ab or abc?"
                                + " GET /v1/models lists what does\",\"type\":\"invalid_request_error\",\"param\":\"model\","
                                + "\"code\":\"model_not_found\"}}");
    }

    @Test
    void aStreamEndsWithOneDataEvent() {
        String event = Dialect.OPENAI.streamError(ApiError.server(502, "engine_died", "gone"));

        assertThat(event)
                .isEqualTo("data: {\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"param\":null,"
                        + "\"code\":\"engine_died\"}}\n\n");
    }

    @Test
    void eachDialectWritesTheSameErrorInItsOwnShape() {
        ApiError error = ApiError.modelLoading("m", "41 %", 2);

        assertThat(Dialect.ANTHROPIC.error(error))
                .isEqualTo("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                        + "\"message\":\"the model 'm' is loading: 41 %\",\"code\":\"model_loading\"}}");
        assertThat(Dialect.OLLAMA.error(error))
                .isEqualTo("{\"error\":\"the model 'm' is loading: 41 %\",\"code\":\"model_loading\"}");
        assertThat(Dialect.ANTHROPIC.streamError(error)).startsWith("event: error\ndata: {\"type\":\"error\"");
        assertThat(Dialect.OLLAMA.streamError(error)).endsWith("}\n");
    }

    @Test
    void pathTellsTheDialectAndTheVersionHeaderOverrulesIt() {
        assertThat(Dialect.of("/v1/messages", false)).isEqualTo(Dialect.ANTHROPIC);
        assertThat(Dialect.of("/messages/count_tokens", false)).isEqualTo(Dialect.ANTHROPIC);
        assertThat(Dialect.of("/v1/models", true)).isEqualTo(Dialect.ANTHROPIC);
        assertThat(Dialect.of("/api/chat", false)).isEqualTo(Dialect.OLLAMA);
        assertThat(Dialect.of("/v1/messagesfoo", false)).isEqualTo(Dialect.OPENAI);
        assertThat(Dialect.of("/v1/chat/completions", false)).isEqualTo(Dialect.OPENAI);
    }
}
