package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Event;
import mesh.core.id.ModelRef;
import org.junit.jupiter.api.Test;

/** A split that reads long prompts fills the path between its nodes, and round trips become longer than is allowed. */
class SplitFillsItsPathSim {
    private static final ModelRef MODEL = new ModelRef("Qwen2.5-72B");
    private static final long NEED = 40 * Machines.GIB;

    /** With the queue of the other direction, half as much again as a running split may have. */
    private static final long QUEUE_MILLIS = 75;

    private static final long STEP_MILLIS = 5;

    @Test
    void threeMinutesOfFullQueuesRestartNothing() {
        var mesh = split();
        long starts = mesh.engines().starts();

        fill(mesh, 180_000);

        assertThat(mesh.engines().starts()).isEqualTo(starts);
        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over [1]");
    }

    /** Distance shows, however busy the split is, and another worker is at hand. */
    @Test
    void workerWhosePathStaysLongIsReplaced() {
        var mesh = split();

        fill(mesh, 1_300_000);

        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over [2]");
    }

    private static void fill(Simulation mesh, long millis) {
        long endMillis = mesh.nowMillis() + millis;
        while (mesh.nowMillis() < endMillis) {
            mesh.net().clog(0, 1, mesh.nowMillis() + QUEUE_MILLIS);
            mesh.net().clog(1, 0, mesh.nowMillis() + QUEUE_MILLIS);
            mesh.run(STEP_MILLIS);
        }
    }

    /** The first two are split over; the third is not needed. */
    private static Simulation split() {
        var mesh = Simulation.of(3).seed(115).build();
        for (int node = 0; node < 2; node++)
            mesh.start(node, Machines.serving(node, (30 - node) * Machines.GIB, MODEL, NEED, false));
        mesh.join(1, 0);
        mesh.run(20_000);
        mesh.start(2, Machines.serving(2, 20 * Machines.GIB, MODEL, NEED, false));
        mesh.join(2, 0);
        mesh.settle(30_000);
        mesh.run(10_000);
        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over [1]");
        mesh.tell(0, new Event.Tied(mesh.id(1), true));
        mesh.tell(1, new Event.Tied(mesh.id(0), true));
        return mesh;
    }
}
