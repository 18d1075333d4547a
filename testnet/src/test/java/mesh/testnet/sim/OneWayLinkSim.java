package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.member.Change;
import org.junit.jupiter.api.Test;

/** A link that carries one direction only: others vouch for the node behind it. */
class OneWayLinkSim {
    @Test
    void nodeBehindADeafLinkIsNotEvenDoubted() {
        var mesh = Simulation.of(12).seed(21).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        int[] doubts = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Suspected) doubts[0]++;
        });

        mesh.net().deafen(2, 5, Long.MAX_VALUE);
        mesh.net().deafen(7, 5, Long.MAX_VALUE);
        mesh.run(60_000);

        assertThat(doubts[0]).isZero();
    }

    @Test
    void nodeThatHearsNobodyIsLostButLosesNothingWhenItHearsAgain() {
        var mesh = Simulation.of(12).seed(22).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);

        for (int other = 0; other < 12; other++) mesh.net().deafen(other, 5, mesh.nowMillis() + 20_000);
        mesh.run(20_000);
        assertThat(mesh.node(0).snapshot().peers()).hasSize(10);

        mesh.converge(3 * mesh.tunables().syncing().reconnectMillis());
        assertThat(mesh.node(5).snapshot().peers()).hasSize(11);
    }
}
