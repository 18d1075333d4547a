package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One node in ten gets only 70 % of its processor, in stalls of up to a second: slow is not dead. */
class StarvedNodesSim {
    /** At 32 one of ten missed the answer that all others heard, and buried the living: now it asks before it does. */
    private static final long[] SEEDS = {1, 2, 3, 32};

    @ParameterizedTest
    @ValueSource(ints = {10, 100})
    void nobodyIsRemovedByMistake(int nodes) {
        for (long seed : SEEDS) {
            var mesh = Simulation.of(nodes)
                    .seed(seed)
                    .faults(Faults.starvation(300))
                    .build();
            mesh.startAllThrough(0);
            mesh.converge(10_000);
            var losses = Losses.seenByAll(mesh);

            Starvation.oneInTen(mesh, 300, 1_000, new SplittableRandom(seed));
            mesh.run(120_000);

            assertThat(losses.count()).as("seed %d", seed).isZero();
        }
    }
}
