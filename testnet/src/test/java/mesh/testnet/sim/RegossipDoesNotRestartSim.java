package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Event;
import mesh.core.id.ModelRef;
import mesh.core.member.Change;
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

    @Test
    void mereLoadIsToldInItsTimeAndRestartsNothing() {
        var model = new ModelRef("small");
        var mesh = Simulation.of(3).seed(73).build();
        for (int node = 0; node < 3; node++)
            mesh.start(node, Machines.serving(node, 24 * Machines.GIB, model, 6 * Machines.GIB, false));
        mesh.join(1, 0);
        mesh.join(2, 0);
        mesh.run(15_000);
        long starts = mesh.engines().starts();
        int[] told = {0};
        mesh.watch((_, viewer, change) -> {
            if (viewer == 1 && change instanceof Change.Updated) told[0]++;
        });

        for (int second = 0; second < 60; second++) {
            for (int each = 0; each < 10; each++) {
                mesh.tell(0, new Event.ModelLoad(model, each, 40_000 + second));
                mesh.run(100);
            }
        }

        assertThat(told[0]).isBetween(5, 14);
        assertThat(mesh.engines().starts()).isEqualTo(starts);
    }
}
