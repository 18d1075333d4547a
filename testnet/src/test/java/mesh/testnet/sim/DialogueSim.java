package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Plays as golden files: commands, a line of dashes, the whole account. {@code -Dgolden.rewrite=true} rewrites the
 * accounts; read the difference, and commit only what you understand.
 */
class DialogueSim {
    private static final Path FOLDER = Path.of("src/test/resources/golden/dialogue");
    private static final String DASHES = "----\n";

    @TestFactory
    Stream<DynamicTest> accountsAreAsTold() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.sorted().toList().stream()
                    .map(file -> DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> isAsTold(file)));
        }
    }

    private static void isAsTold(Path file) throws IOException {
        String commands = Files.readString(file).split(DASHES)[0];
        String told = commands + DASHES + Scenario.play(commands);
        if (Boolean.getBoolean("golden.rewrite")) Files.writeString(file, told);

        assertThat(told).isEqualTo(Files.readString(file));
    }
}
