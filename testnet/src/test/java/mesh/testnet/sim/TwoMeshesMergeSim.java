package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Node;
import org.junit.jupiter.api.Test;

/** Two meshes that never heard of each other become one through a single introduction. */
class TwoMeshesMergeSim {
    @Test
    void oneIntroductionMergesTwoMeshes() {
        var mesh = Simulation.of(40).seed(11).build();
        for (int node = 0; node < 40; node++) mesh.start(node);
        for (int node = 1; node < 20; node++) mesh.join(node, 0);
        for (int node = 21; node < 40; node++) mesh.join(node, 20);
        mesh.run(20_000);
        assertThat(mesh.node(5).snapshot().peers()).hasSize(19);

        mesh.join(33, 7);

        assertThat(mesh.converge(mesh.tunables().syncing().soonMillis() * 4)).isPositive();
        assertThat(mesh.node(5).snapshot().peers()).hasSize(39);
    }

    @Test
    void meshThatWasSplitHealsByItselfAndEvictsNobody() {
        assertThat(lossesWhileHealing(Node::new)).isZero();
    }

    static int lossesWhileHealing(NodeMaker maker) {
        var mesh = Simulation.of(30).seed(12).maker(maker).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        int[] sides = new int[30];
        for (int node = 0; node < 12; node++) sides[node] = 1;
        mesh.net().split(sides);
        mesh.run(30_000);
        assertThat(mesh.node(3).snapshot().peers()).hasSize(11);
        assertThat(mesh.node(20).snapshot().peers()).hasSize(17);

        mesh.net().heal();
        var losses = Losses.seenByAll(mesh);

        mesh.converge(3 * mesh.tunables().syncing().reconnectMillis());
        return losses.count();
    }
}
