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
}
