package mesh.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The contract of the wire, in files: a message as text, a line of dashes, its bytes. {@code -Dgolden.rewrite=true}
 * rewrites today's; those of past releases are read for ever and never rewritten.
 */
class GoldenVectorsTest {
    private static final Path TODAY = Path.of("src/test/resources/golden/wire");
    private static final String DASHES = "----\n";

    @TestFactory
    Stream<DynamicTest> todaysBytesAreTheVectors() {
        return Samples.all().entrySet().stream()
                .map(sample -> DynamicTest.dynamicTest(sample.getKey(), () -> bytesAreTheVector(sample)));
    }

    @Test
    void everyVectorHasItsMessage() throws IOException {
        assertThat(vectors(TODAY))
                .extracting(file -> String.valueOf(file.getFileName()).replace(".txt", ""))
                .containsExactlyInAnyOrderElementsOf(Samples.all().keySet());
    }

    @TestFactory
    Stream<DynamicTest> bytesOfTheFirstReleaseAreReadForEver() throws IOException {
        return vectors(TODAY.resolve("v1")).stream()
                .map(file -> DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> isStillRead(file)));
    }

    private static void bytesAreTheVector(Map.Entry<String, Message> sample) throws IOException {
        byte[] bytes = Codec.encode(sample.getValue());
        Path file = TODAY.resolve(sample.getKey() + ".txt");
        String vector = Render.text(sample.getValue()) + DASHES + hex(bytes);
        if (Boolean.getBoolean("golden.rewrite")) Files.writeString(file, vector);

        assertThat(vector).isEqualTo(Files.readString(file));
        assertThat(Codec.decode(bytes)).isEqualTo(new Decoded.Accepted(sample.getValue()));
    }

    private static void isStillRead(Path file) throws IOException {
        String[] vector = Files.readString(file).split(DASHES);

        var decoded = Codec.decode(HexFormat.of().parseHex(vector[1].replaceAll("\\s", "")));

        assertThat(decoded).isInstanceOf(Decoded.Accepted.class);
        assertThat(Render.text(((Decoded.Accepted) decoded).message())).isEqualTo(vector[0]);
    }

    private static List<Path> vectors(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes).replaceAll("(.{64})", "$1\n").stripTrailing() + "\n";
    }
}
