package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Wall clocks jump; the mesh does not care. */
class ClockJumpsForwardSim {
    @Test
    void clockSetForwardEvictsNobody() {
        var mesh = Simulation.of(10).seed(31).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        var losses = Losses.seenByAll(mesh);

        mesh.setClock(3, 3_600_000);
        mesh.run(20_000);
        mesh.setClock(3, -1_800_000);
        mesh.run(20_000);

        assertThat(losses.count()).isZero();
        assertThat(mesh.difference()).isEmpty();
    }

    @Test
    void allClocksJumpingAtOnceEvictNobody() {
        var mesh = Simulation.of(10).seed(32).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        var losses = Losses.seenByAll(mesh);

        for (int node = 0; node < 10; node++) mesh.setClock(node, 7_200_000);
        mesh.run(20_000);

        assertThat(losses.count()).isZero();
    }

    @Test
    void restartWithoutMemoryOnAClockSetBackIsWelcome() {
        var mesh = Simulation.of(10).seed(33).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);

        mesh.crash(3);
        mesh.setClock(3, -3_000_000);
        mesh.run(10_000);
        mesh.restart(3, false);
        mesh.join(3, 0);

        assertThat(mesh.converge(3_000)).isPositive();
    }
}
