package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonMappingException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReleasesTest {
    private static final String ENTRY = """
            {"releases":[{"platform":"linux-x86_64","version":"b1","url":"https://example.invalid/a.tar.gz","bytes":5,"sha256":"%s"}]}
            """;

    @Test
    void entryIsFoundByItsPlatform() throws IOException {
        Releases releases = parse(ENTRY.formatted("a".repeat(64)));

        assertThat(releases.forPlatform("linux-x86_64").orElseThrow().bytes()).isEqualTo(5);
        assertThat(releases.forPlatform("linux-aarch64")).isEmpty();
    }

    @Test
    void bundledFileCanBeRead() {
        assertThat(Releases.bundled().releases()).isNotNull();
    }

    @Test
    void shortHashAndUnknownFieldAreMistakes() {
        assertThatThrownBy(() -> parse(ENTRY.formatted("a".repeat(63)))).isInstanceOf(JsonMappingException.class);
        assertThatThrownBy(() -> parse("{\"releases\":[],\"more\":1}")).isInstanceOf(JsonMappingException.class);
    }

    @Test
    void platformIsNamedTheSameOnEveryJvm() {
        assertThat(Releases.platform()).matches("(linux|macos|windows)-(x86_64|aarch64|[a-z0-9_]+)");
    }

    private static Releases parse(String json) throws IOException {
        return Releases.parse(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }
}
