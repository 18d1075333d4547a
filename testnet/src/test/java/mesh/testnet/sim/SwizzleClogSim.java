package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Links stop one after another and come back in another order: what finds the most faults per line of test. */
class SwizzleClogSim {
    @Test
    void viewsAgreeAfterLinksStopAndReturnInAnotherOrder() {
        for (long seed = 1; seed <= 5; seed++) {
            var mesh = Simulation.of(20).seed(seed).build();
            mesh.startAllThrough(0);
            mesh.converge(10_000);
            var random = new SplittableRandom(seed);
            for (int victim = 1; victim <= 6; victim++) {
                long from = mesh.nowMillis() + 500L * victim;
                long until = from + 2_000 + random.nextLong(10_000);
                for (int other = 0; other < 20; other++) clogBothWays(mesh, victim, other, from, until);
            }

            mesh.run(30_000);

            assertThat(mesh.converge(30_000)).as("seed %d", seed).isNotNegative();
        }
    }

    private static void clogBothWays(Simulation mesh, int one, int other, long fromMillis, long untilMillis) {
        mesh.at(fromMillis, () -> {
            mesh.net().clog(one, other, untilMillis);
            mesh.net().clog(other, one, untilMillis);
        });
    }
}
