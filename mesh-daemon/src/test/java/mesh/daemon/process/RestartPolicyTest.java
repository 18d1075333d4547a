package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import mesh.daemon.process.RestartPolicy.Decision;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
    private static final RestartPolicy POLICY = new RestartPolicy(6, 500, 5000, 60_000);

    @Test
    void pausesDoubleUpToTheirBoundAndEnd() {
        var decisions = new ArrayList<Decision>();

        for (int row = 1; row <= 6; row++) decisions.add(POLICY.after(ExitReason.CRASHED, row));

        assertThat(decisions)
                .isEqualTo(List.of(
                        new Decision.Again(500),
                        new Decision.Again(1000),
                        new Decision.Again(2000),
                        new Decision.Again(4000),
                        new Decision.Again(5000),
                        new Decision.GiveUp()));
    }

    @Test
    void whatCannotGetBetterIsNotTriedAgain() {
        assertThat(POLICY.after(ExitReason.MODEL_CORRUPT, 1)).isEqualTo(new Decision.GiveUp());
        assertThat(POLICY.after(ExitReason.BAD_FLAG, 1)).isEqualTo(new Decision.GiveUp());
    }

    @Test
    void takenPortIsTriedAgainAtOnceButNotForEver() {
        assertThat(POLICY.after(ExitReason.PORT_TAKEN, 1)).isEqualTo(new Decision.Again(0));
        assertThat(POLICY.after(ExitReason.PORT_TAKEN, 6)).isEqualTo(new Decision.GiveUp());
    }

    @Test
    void steadyTimeEndsTheRow() {
        assertThat(POLICY.rowAfter(5, 60_000)).isEqualTo(1);
        assertThat(POLICY.rowAfter(5, 59_999)).isEqualTo(6);
    }

    @Test
    void neverMeansNever() {
        assertThat(RestartPolicy.NEVER.after(ExitReason.KILLED, RestartPolicy.NEVER.rowAfter(0, 1_000_000)))
                .isEqualTo(new Decision.GiveUp());
    }
}
