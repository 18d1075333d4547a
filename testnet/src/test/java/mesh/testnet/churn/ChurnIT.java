package mesh.testnet.churn;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The soak in short; {@link ChurnBench} as a command is the long one. */
class ChurnIT {
    /** Some seconds' worth: an object of ours, a socket or a thread that stays of each life shows within it. */
    private static final int LIVES = 90;

    @TempDir
    Path folder;

    @Test
    void nodesThatComeAndGoLeaveNothingBehind() throws Exception {
        assertThat(ChurnBench.run(folder, LIVES, 0, ChurnBench.MACHINES)).isEmpty();
    }
}
