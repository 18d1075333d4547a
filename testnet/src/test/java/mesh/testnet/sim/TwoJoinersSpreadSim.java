package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile.Wanted;
import org.junit.jupiter.api.Test;

/** Nodes that join without a model at the same time take different ones. */
class TwoJoinersSpreadSim {
    private static final ModelRef ONE = new ModelRef("one");
    private static final ModelRef TWO = new ModelRef("two");
    private static final ModelRef THREE = new ModelRef("three");
    private static final long NEED = 6 * Machines.GIB;

    @Test
    void twoAtOnceTakeBothUnservedModels() {
        for (int seed = 1; seed <= 10; seed++) {
            var mesh = Simulation.of(3).seed(seed).build();
            var seeder = Machines.serving(0, 24 * Machines.GIB, ONE, NEED, false);
            mesh.start(0, Machines.seeding(0, seeder, List.of(wanted(TWO), wanted(THREE))));
            mesh.run(10_000);
            var files = List.of(Machines.file(TWO, NEED), Machines.file(THREE, NEED));

            for (int node = 1; node < 3; node++) {
                mesh.start(node, Machines.idle(node, 24 * Machines.GIB, files));
                mesh.join(node, 0);
            }
            mesh.run(30_000);

            assertThat(Set.of(mesh.engines().parts(1), mesh.engines().parts(2)))
                    .as("seed %d", seed)
                    .containsExactlyInAnyOrder("two alone", "three alone");
        }
    }

    private static Wanted wanted(ModelRef model) {
        return new Wanted(model, "", NEED);
    }
}
