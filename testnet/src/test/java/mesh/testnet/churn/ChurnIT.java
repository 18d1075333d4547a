package mesh.testnet.churn;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The soak in short; {@link ChurnBench} as a command is the long one. */
class ChurnIT {
    /** Some seconds' worth. A leaked thread, socket or connection per life shows within it; a leaked kilobyte does not. */
    private static final int LIVES = 90;

    @TempDir
    Path folder;

    @Test
    void nodesThatComeAndGoLeaveNothingBehind() throws Exception {
        assertThat(ChurnBench.run(folder, LIVES, 0)).isEmpty();
    }
}
