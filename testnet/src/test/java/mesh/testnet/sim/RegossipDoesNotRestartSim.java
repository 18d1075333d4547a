package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** News told again is no news. */
class RegossipDoesNotRestartSim {
    @Test
    void quietMeshNoticesNothing() {
        var mesh = Simulation.of(20).seed(71).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.run(5_000);
        int[] changes = {0};
        mesh.watch((_, _, _) -> changes[0]++);

        mesh.run(120_000);

        assertThat(changes[0]).isZero();
    }

    @Test
    void lossAndRepetitionChangeNothing() {
        var lossy = new Faults(20, 200, 1, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        var mesh = Simulation.of(20).seed(72).faults(lossy).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.run(5_000);
        var losses = Losses.seenByAll(mesh);

        mesh.run(120_000);

        assertThat(losses.count()).isZero();
    }
}
