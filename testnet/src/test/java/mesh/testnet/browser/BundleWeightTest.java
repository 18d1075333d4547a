package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.testnet.Needs;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.Test;

/** What a browser fetches of the console, weighed as it travels: compressed. */
class BundleWeightTest {
    private static final long SHELL_BYTES_MAX = 40_000;
    private static final long ALL_BYTES_MAX = 130_000;

    /** What a file cannot do without; a screen, which is fetched when opened, stands in {@code import(…)}. */
    private static final Pattern STATIC = Pattern.compile("(?:from|import)\\s*\"\\./([^\"]+\\.js)\"");

    private static final Pattern NAMED = Pattern.compile("(?:src|href)=\"(app[^\"]+)\"");

    static final Path BUNDLE = RealNode.jar()
            .resolve("../../../../mesh-console/target/classes/mesh/console")
            .normalize();

    @Test
    void shellIsLight() throws IOException {
        var needed = new TreeSet<String>();
        var open = new ArrayDeque<>(found(NAMED, "index.html"));
        Needs.that(!open.isEmpty(), "the console was not bundled: no esbuild for this platform");
        while (!open.isEmpty()) {
            String file = open.pop();
            if (needed.add(file) && file.endsWith(".js")) open.addAll(found(STATIC, file));
        }

        assertThat(needed).hasSizeGreaterThan(2);
        assertThat(weight(needed.stream())).isBetween(1L, SHELL_BYTES_MAX);
    }

    @Test
    void wholeConsoleIsLight() throws IOException {
        try (Stream<Path> files = Files.list(BUNDLE)) {
            var all = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(".*\\.(js|css|html)"))
                    .toList();

            assertThat(weight(all.stream())).isBetween(1L, ALL_BYTES_MAX);
        }
    }

    private List<String> found(Pattern pattern, String file) throws IOException {
        return pattern.matcher(Files.readString(BUNDLE.resolve(file)))
                .results()
                .map(result -> result.group(1))
                .toList();
    }

    private long weight(Stream<String> names) {
        return names.mapToLong(name -> BUNDLE.resolve(name + ".gz").toFile().length())
                .sum();
    }
}
