package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {
    @TempDir
    Path folder;

    @Test
    void newestLinesStayInMemoryWithoutTheNoise() throws IOException {
        var output = new Output(folder.resolve("a.log"));

        output.drain(words("one\nggml_backend_load_best: failed to enumerate /usr/lib\n\ntwo\nthree"), "--- start");

        assertThat(output.newest()).containsExactly("one", "two", "three");
        assertThat(Files.readString(folder.resolve("a.log")))
                .startsWith("--- start\none\nggml")
                .endsWith("three");
    }

    @Test
    void endlessOutputFillsTwoFilesOfABoundedSizeAndNoMemory() throws IOException {
        var output = new Output(folder.resolve("a.log"));

        output.drain(words("0123456789 quite an ordinary line\n".repeat(500_000)), "--- start");

        assertThat(output.newest()).hasSize(200);
        assertThat(Files.size(folder.resolve("a.log"))).isLessThan(5 << 20);
        assertThat(Files.size(folder.resolve("a.log.1"))).isLessThan(5 << 20);
        assertThat(output.bytesDropped()).isZero();
    }

    @Test
    void lineWithoutEndIsCutIntoPieces() throws IOException {
        var output = new Output(folder.resolve("a.log"));

        output.drain(words("x".repeat(10_000)), "--- start");

        assertThat(output.newest()).extracting(String::length).containsExactly(4096, 4096, 1808);
    }

    @Test
    void diskThatRefusesCostsTheFileAndNotTheReading() {
        var output = new Output(folder.resolve("absent/a.log"));

        output.drain(words("one\ntwo\n"), "--- start");

        assertThat(output.newest()).containsExactly("one", "two");
        assertThat(output.bytesDropped()).isEqualTo("--- start\none\ntwo\n".length());
    }

    private static ByteArrayInputStream words(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
