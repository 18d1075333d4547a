package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import mesh.testnet.SimMain;
import org.junit.jupiter.api.Test;

/** The same seed is the same run, event for event. */
class ReplaySim {
    private static final long SEED = 20_251;
    private static final int NODES = 30;

    @Test
    void twoRunsAreEqual() {
        var first = Trial.run(NODES, SEED, 60_000);
        var second = Trial.run(NODES, SEED, 60_000);

        assertThat(second).isEqualTo(first);
        assertThat(first.events()).isGreaterThan(10_000);
    }

    @Test
    void anotherSeedIsAnotherRun() {
        assertThat(Trial.run(NODES, SEED + 1, 60_000).digest())
                .isNotEqualTo(Trial.run(NODES, SEED, 60_000).digest());
    }

    /** Without class data sharing, so that salted orders and identity hashes differ as much as they can. */
    @Test
    void anotherJvmRunsTheSame() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var process = new ProcessBuilder(
                        java,
                        "-Xshare:off",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SimMain.class.getName(),
                        "--seed",
                        Long.toString(SEED),
                        "--nodes",
                        Integer.toString(NODES),
                        "--minutes",
                        "1")
                .redirectErrorStream(true)
                .start();

        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said.strip()).endsWith(Trial.run(NODES, SEED, 60_000).toString());
    }
}
