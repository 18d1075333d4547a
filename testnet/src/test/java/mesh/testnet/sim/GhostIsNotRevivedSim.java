package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.member.Change;
import org.junit.jupiter.api.Test;

/** A dead node stays dead, whoever still believes in it. */
class GhostIsNotRevivedSim {
    @Test
    void staleViewDoesNotReviveTheDead() {
        var mesh = Simulation.of(20).seed(41).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.freeze(9, true);
        mesh.run(1_000);

        mesh.crash(4);
        mesh.run(20_000);
        int[] joins = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Joined joined && mesh.index(joined.peer()) == 4) joins[0]++;
        });
        mesh.thaw(9);

        mesh.converge(20_000);
        assertThat(joins[0]).isZero();
        assertThat(mesh.node(9).snapshot().peers()).hasSize(18);
    }

    @Test
    void restartedNodeIsWelcomeWithinASecond() {
        var mesh = Simulation.of(20).seed(42).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.crash(4);
        mesh.run(20_000);

        mesh.restart(4, true);
        mesh.join(4, 11);

        assertThat(mesh.converge(1_000)).isPositive();
    }
}
