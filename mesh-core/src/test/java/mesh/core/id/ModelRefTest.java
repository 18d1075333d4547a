package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRefTest {
    @ParameterizedTest
    @ValueSource(strings = {"demo", "Qwen2.5-72B-Instruct-Q4_K_M", "org/repo:latest"})
    void hubNamesAreNames(String name) {
        assertThat(ModelRef.isName(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "two words", "tab\tbed", "quo\"te", "back\\slash", "\u202etxt"})
    void whatCouldDeceiveAReaderIsNoName(String name) {
        assertThat(ModelRef.isName(name)).isFalse();
    }

    @Test
    void lengthIsBounded() {
        assertThat(ModelRef.isName("x".repeat(ModelRef.CHARS_MAX))).isTrue();
        assertThat(ModelRef.isName("x".repeat(ModelRef.CHARS_MAX + 1))).isFalse();
    }
}
