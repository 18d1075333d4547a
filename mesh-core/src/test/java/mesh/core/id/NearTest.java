package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class NearTest {
    private static final List<String> MODELS =
            List.of("Qwen3-8B-Q4_K_M", "Qwen3-32B-Q4_K_M", "Llama-3.3-70B-Instruct", "demo");

    @Test
    void partOfANameFindsIt() {
        assertThat(Near.names("qwen3 8b", MODELS)).containsExactly("Qwen3-8B-Q4_K_M");
        assertThat(Near.names("llama-3.3-70b-instruct:latest", MODELS)).containsExactly("Llama-3.3-70B-Instruct");
    }

    @Test
    void slipOfAFingerFindsTheFlag() {
        var flags = List.of("--model", "--mesh-name", "--port", "--publish");

        assertThat(Near.names("--modle", flags)).containsExactly("--model");
        assertThat(Near.names("--pubish", flags)).containsExactly("--publish");
    }

    @Test
    void strangersHaveNoNeighbours() {
        assertThat(Near.names("gpt-4o", MODELS)).isEmpty();
        assertThat(Near.names("", MODELS)).isEmpty();
        assertThat(Near.names("???", MODELS)).isEmpty();
    }

    @Test
    void nearestComesFirstAndTheListStaysShort() {
        assertThat(Near.names("model4", List.of("model1", "model2", "model3", "model4", "model5")))
                .containsExactly("model4", "model1", "model2");
    }

    @Test
    void hostileLengthsCostLittle() {
        String long1 = "ab".repeat(500_000);

        assertThat(Near.names(long1, Collections.nCopies(100, "ba".repeat(500_000))))
                .hasSize(Near.NAMES_MAX);
    }
}
