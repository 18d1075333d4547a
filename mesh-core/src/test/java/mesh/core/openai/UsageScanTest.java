package mesh.core.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Answers as llama-server writes them, in every dialect it speaks. */
class UsageScanTest {
    private static final String TIMINGS = "\"timings\":{\"cache_n\":18,\"prompt_n\":1,\"prompt_ms\":1.1,"
            + "\"prompt_per_token_ms\":1.1,\"predicted_n\":27,\"predicted_ms\":24.5}";

    @Test
    void chatAnswerTellsAllAndTokensInTheCacheAreCountedIn() {
        String answer = "{\"choices\":[{\"message\":{\"content\":\"a\"}}],\"usage\":{\"completion_tokens\":27,"
                + "\"prompt_tokens\":19,\"total_tokens\":46,\"prompt_tokens_details\":{\"cached_tokens\":18}},\"id\":\"x\","
                + TIMINGS + "}";

        assertThat(usage(answer)).isEqualTo(new Usage(19, 18, 27, 1.1, 24.5));
    }

    @Test
    void streamThatWasNotAskedForUsageTellsByItsTimings() {
        String stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n"
                + "data: {\"choices\":[{\"finish_reason\":\"stop\",\"delta\":{}}]," + TIMINGS + "}\n\ndata: [DONE]\n\n";

        assertThat(usage(stream)).isEqualTo(new Usage(19, 18, 27, 1.1, 24.5));
    }

    @Test
    void anthropicStreamTellsAtItsBeginningAndAtItsEnd() {
        String stream = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
                + "{\"cache_read_input_tokens\":18,\"input_tokens\":1,\"output_tokens\":0}}}\n\n"
                + "event: message_delta\ndata: {\"delta\":{},\"usage\":{\"output_tokens\":27}}\n\n";

        assertThat(usage(stream)).isEqualTo(new Usage(19, 18, 27, 0, 0));
    }

    @Test
    void responsesStreamTellsInItsLastEvent() {
        String stream = "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":19,"
                + "\"output_tokens\":3,\"total_tokens\":22,\"input_tokens_details\":{\"cached_tokens\":18}}}," + TIMINGS
                + "}\n\n";

        assertThat(usage(stream)).isEqualTo(new Usage(19, 18, 3, 1.1, 24.5));
    }

    @Test
    void embeddingsHaveNoAnswerToCount() {
        assertThat(usage("{\"object\":\"list\",\"usage\": {\"prompt_tokens\":5, \"total_tokens\":5},\"data\":[]}"))
                .isEqualTo(new Usage(5, 0, 0, 0, 0));
    }

    @Test
    void answerIsTheSameWhereverItIsCut() {
        String text = "\"\"usage\"\" \"us\"usage\":{\"input_tokens\":3,\"s\":\"}\\\"{\"}" + TIMINGS;
        byte[] bytes = text.getBytes(UTF_8);

        for (int a = 0; a < bytes.length; a++) {
            var scan = new UsageScan();
            scan.feed(bytes, 0, a);
            scan.feed(bytes, a, bytes.length);

            assertThat(scan.usage()).contains(new Usage(3, 18, 27, 1.1, 24.5));
        }
    }

    @Test
    void textOfTheAnswerCannotPassForIt() {
        var scan = scanned("{\"content\":\"\\\"usage\\\":{\\\"prompt_tokens\\\":9}\"}");

        assertThat(scan.usage()).isEmpty();
    }

    @Test
    void objectWithoutEndIsForgotten() {
        var scan = scanned("\"usage\":{" + "\"a\":1,".repeat(10_000) + "\"usage\":{\"prompt_tokens\":4}");

        assertThat(scan.usage()).contains(new Usage(4, 0, 0, 0, 0));
    }

    private static Usage usage(String text) {
        return scanned(text).usage().orElseThrow();
    }

    private static UsageScan scanned(String text) {
        var scan = new UsageScan();
        byte[] bytes = text.getBytes(UTF_8);
        scan.feed(bytes, 0, bytes.length);
        return scan;
    }
}
