package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A laptop sleeps and wakes; a process is stopped and goes on. */
class HostFreezesAndWakesSim {
    @Test
    void sleeperIsLostAndWelcomeAgainAtOnce() {
        var mesh = Simulation.of(10).seed(3).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);

        mesh.freeze(4, true);
        mesh.run(60_000);
        assertThat(mesh.node(0).snapshot().peers()).hasSize(8);
        mesh.thaw(4);

        assertThat(mesh.converge(5_000)).isPositive();
    }

    @Test
    void sleeperEvictsNobodyWhenItWakes() {
        var mesh = Simulation.of(10).seed(4).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.freeze(4, true);
        mesh.run(60_000);
        var losses = Losses.seenBy(mesh, 4);

        mesh.thaw(4);
        mesh.run(20_000);

        assertThat(losses.count()).isZero();
    }

    @Test
    void shortStallIsNoDeath() {
        var mesh = Simulation.of(10).seed(5).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        var losses = Losses.seenByAll(mesh);

        mesh.freeze(4, false);
        mesh.run(1_000);
        mesh.thaw(4);
        mesh.run(10_000);

        assertThat(losses.count()).isZero();
    }
}
