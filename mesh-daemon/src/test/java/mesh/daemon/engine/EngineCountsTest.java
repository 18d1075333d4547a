package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineCountsTest {
    @Test
    void countersAreReadFromWhatTheEngineSaysOfItself() {
        var counts = EngineCounts.parse("""
                HTTP/1.1 200 OK\r
                Content-Type: text/plain\r
                \r
                # TYPE llamacpp:tokens_predicted_total counter
                llamacpp:tokens_predicted_total 54
                llamacpp:tokens_predicted_seconds_total 0.851522
                llamacpp:spec_decode_num_draft_tokens_total 48
                llamacpp:spec_decode_num_accepted_tokens_total 12
                llamacpp:spec_decode_num_accepted_tokens_per_pos_total{position="0"} 6
                """);

        assertThat(counts).contains(new EngineCounts(54, 0.851522, 48, 12));
        assertThat(counts.orElseThrow().milliTokensPerSecond()).isEqualTo(63_416);
        assertThat(counts.orElseThrow().acceptedPercent()).isEqualTo(25);
    }

    @Test
    void engineThatDoesNotCountIsNotMeasured() {
        assertThat(EngineCounts.parse("HTTP/1.1 501 Not Implemented\r\n\r\n{}")).isEmpty();
        assertThat(EngineCounts.parse("")).isEmpty();
        assertThat(EngineCounts.parse("llamacpp:tokens_predicted_total many\n")).isEmpty();
    }

    @Test
    void engineThatHasDoneNothingHasNoSpeed() {
        assertThat(new EngineCounts(0, 0, 0, 0).milliTokensPerSecond()).isZero();
        assertThat(new EngineCounts(0, 0, 0, 0).acceptedPercent()).isZero();
    }
}
