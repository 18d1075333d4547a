package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.id.ModelRef;
import org.junit.jupiter.api.Test;

/** The only host of a model dies: a standby that holds the file takes over, and nobody else moves. */
class LastHostDiesSim {
    private static final ModelRef MODEL = new ModelRef("Qwen3-8B");
    private static final long NEED = 6 * Machines.GIB;

    @Test
    void standbyTakesOver() {
        var mesh = Simulation.of(6).seed(101).build();
        mesh.start(0, Machines.serving(0, 24 * Machines.GIB, MODEL, NEED, false));
        mesh.start(1, Machines.serving(1, 24 * Machines.GIB, new ModelRef("other"), NEED, false));
        mesh.join(1, 0);
        mesh.run(30_000);
        for (int node = 2; node < 6; node++) {
            mesh.start(node, Machines.idle(node, 2 * Machines.GIB, List.of(Machines.file(MODEL, NEED))));
            mesh.join(node, 0);
        }
        mesh.run(20_000);
        // Memory grows after they joined, so that they are standbys that could serve.
        for (int node = 2; node < 6; node++)
            mesh.describe(node, Machines.idle(node, 24 * Machines.GIB, List.of(Machines.file(MODEL, NEED))));
        mesh.run(20_000);

        mesh.crash(0);
        mesh.run(40_000);

        long alone = java.util.stream.IntStream.range(2, 6)
                .filter(node -> mesh.engines().part(node, MODEL).equals("alone"))
                .count();
        assertThat(alone).isEqualTo(1);
        assertThat(mesh.engines().part(1, new ModelRef("other"))).isEqualTo("alone");
        assertThat(mesh.misplay()).isEmpty();
    }
}
