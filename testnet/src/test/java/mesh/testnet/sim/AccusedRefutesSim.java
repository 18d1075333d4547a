package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.member.Change;
import org.junit.jupiter.api.Test;

/** An accused node that lives says so, and everybody believes it. */
class AccusedRefutesSim {
    @Test
    void accusedNodeAnswersAndStays() {
        var mesh = Simulation.of(15).seed(51).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        var losses = Losses.seenByAll(mesh);
        int[] refuted = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Refuted) refuted[0]++;
        });

        mesh.freeze(6, false);
        mesh.run(1_300);
        mesh.thaw(6);
        mesh.run(5_000);

        assertThat(refuted[0]).isPositive();
        assertThat(losses.of(6)).isZero();
        assertThat(mesh.difference()).isEmpty();
    }
}
