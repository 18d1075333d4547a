package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.id.ModelRef;
import org.junit.jupiter.api.Test;

/** A model too large for any node runs split; when a worker dies the group re-forms or waits, with numbers. */
class SplitGroupLosesWorkerSim {
    private static final ModelRef MODEL = new ModelRef("Qwen2.5-72B");
    private static final long NEED = 40 * Machines.GIB;

    @Test
    void anotherWorkerReplacesTheLostOne() {
        var mesh = FourShare.settled(111, MODEL, NEED);
        int worker = FourShare.lender(mesh, MODEL);
        long starts = mesh.engines().starts();

        mesh.crash(worker);
        mesh.run(20_000);

        assertThat(mesh.misplay()).isEmpty();
        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over");
        assertThat(FourShare.lender(mesh, MODEL)).isNotEqualTo(worker);
        assertThat(mesh.engines().starts() - starts).as("host and new worker").isLessThanOrEqualTo(3);
    }

    @Test
    void anotherWorkerReplacesTheOneWhoseEngineFails() {
        var mesh = FourShare.settled(111, MODEL, NEED);
        int worker = FourShare.lender(mesh, MODEL);

        mesh.engines().fail(worker, MODEL);
        mesh.run(20_000);

        assertThat(mesh.misplay()).isEmpty();
        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over");
        assertThat(FourShare.lender(mesh, MODEL)).isNotEqualTo(worker);
    }

    @Test
    void groupThatIsTooSmallWaitsAndGoesOnWhenMemoryComes() {
        var mesh = Simulation.of(3).seed(112).build();
        for (int node = 0; node < 2; node++)
            mesh.start(node, Machines.serving(node, 30 * Machines.GIB, MODEL, NEED, false));
        mesh.join(1, 0);
        mesh.run(20_000);

        mesh.crash(1);
        mesh.run(20_000);
        assertThat(mesh.engines().parts(0)).isEqualTo("nothing");
        assertThat(mesh.node(0).snapshot().outcomes().toString())
                .contains("needBytes=" + NEED)
                .contains("haveBytes=" + 30 * Machines.GIB);

        mesh.start(2, Machines.serving(2, 20 * Machines.GIB, MODEL, NEED, false));
        mesh.join(2, 0);
        mesh.run(20_000);
        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over [2]");
    }
}
