package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No child outlives the JVM that started it, however and whenever that JVM dies. */
class LeashIT {
    private static final int ROUNDS = 20;
    private static final long SEED = 9337;

    /** Inherited by whatever a JVM starts, so that helpers between fork and exec are seen as well. */
    static final String MARK = "MESH_LEASH_MARK";

    /** From a JVM that still loads classes to one that has started hundreds of children. */
    private static final int LIFE_MILLIS_MAX = 1500;

    private static final long GONE_MILLIS_MAX = 2000;

    @TempDir
    Path data;

    @Test
    void nothingIsLeftOfAJvmKilledAtAnyMoment() throws Exception {
        var random = new Random(SEED);
        int started = 0;

        for (int round = 0; round < ROUNDS; round++) {
            String mark = "leash-" + ProcessHandle.current().pid() + "-" + round;
            Process owner = owner(mark, data.resolve("round-" + round));
            // The moment itself is the thing under test.
            owner.waitFor(random.nextInt(LIFE_MILLIS_MAX), TimeUnit.MILLISECONDS);
            started += marked(mark).size() > 1 ? 1 : 0;
            owner.destroyForcibly().waitFor();

            assertThat(leftAfterAWhile(mark))
                    .as("round %s of seed %s", round, SEED)
                    .isEmpty();
        }

        assertThat(started).as("rounds in which children ran").isGreaterThan(ROUNDS / 4);
    }

    private static Process owner(String mark, Path data) throws IOException {
        var builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ChildOwner.class.getName(),
                data.toString());
        builder.environment().put(MARK, mark);
        return builder.redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
    }

    private static List<String> leftAfterAWhile(String mark) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + GONE_MILLIS_MAX * 1_000_000;
        List<String> left = marked(mark);
        while (!left.isEmpty() && System.nanoTime() < deadlineNanos) {
            TimeUnit.MILLISECONDS.sleep(20);
            left = marked(mark);
        }
        return left;
    }

    /** The living processes with the mark in their environment; zombies have none. */
    private static List<String> marked(String mark) throws IOException {
        var found = new ArrayList<String>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes.toList()) {
                if (!process.getFileName().toString().matches("\\d+")) continue;
                try {
                    if (Files.readString(process.resolve("environ"), java.nio.charset.StandardCharsets.ISO_8859_1)
                            .contains(MARK + "=" + mark + "\0"))
                        found.add(process + " "
                                + Files.readString(process.resolve("cmdline")).replace('\0', ' '));
                } catch (IOException gone) {
                    // It ended while the list was read, which is what everybody hopes for.
                }
            }
        }
        return found;
    }
}
