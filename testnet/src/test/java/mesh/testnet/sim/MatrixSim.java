package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.Event;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Wanted;
import org.junit.jupiter.api.Test;

/** The rows of the acceptance matrix that are decided without a real process, by their number. */
class MatrixSim {
    private static final ModelRef SMALL = new ModelRef("small");
    private static final ModelRef OTHER = new ModelRef("other");
    private static final long NEED = 6 * Machines.GIB;
    private static final long MEMORY = 24 * Machines.GIB;

    @Test
    void row1OneNodeRunsAlone() {
        var mesh = Simulation.of(1).seed(201).build();

        mesh.start(0, serving(0));
        mesh.run(10_000);

        assertThat(mesh.engines().part(0, SMALL)).isEqualTo("alone");
        assertThat(readyHosts(mesh, 0, SMALL)).isEqualTo(1);
    }

    @Test
    void row2BothRunAloneAndTheFirstIsNotRestarted() {
        var mesh = Simulation.of(2).seed(202).build();
        mesh.start(0, serving(0));
        mesh.run(10_000);

        mesh.start(1, serving(1));
        mesh.join(1, 0);
        mesh.run(10_000);

        assertThat(mesh.engines().starts()).isEqualTo(2);
        assertThat(mesh.engines().stops()).isZero();
        assertThat(readyHosts(mesh, 0, SMALL)).isEqualTo(2);
    }

    @Test
    void row3ForcedSplitFollowsMemory() {
        var mesh = Simulation.of(2).seed(203).build();
        mesh.start(0, Machines.serving(0, 24 * Machines.GIB, SMALL, NEED, true));
        mesh.run(10_000);

        mesh.start(1, Machines.serving(1, 12 * Machines.GIB, SMALL, NEED, false));
        mesh.join(1, 0);
        mesh.run(20_000);

        assertThat(mesh.engines().part(0, SMALL)).isEqualTo("hosts over [1] [25, 12]");
        assertThat(mesh.engines().part(1, SMALL)).isEqualTo("lends to 0");
    }

    @Test
    void row4ModelTooLargeForOneWaitsThenSplitsByItself() {
        var mesh = Simulation.of(2).seed(204).build();
        long large = 40 * Machines.GIB;
        mesh.start(0, Machines.serving(0, MEMORY, SMALL, large, false));
        mesh.run(10_000);
        assertThat(mesh.engines().parts(0)).isEqualTo("nothing");

        mesh.start(1, Machines.serving(1, MEMORY, SMALL, large, false));
        mesh.join(1, 0);
        mesh.run(20_000);

        assertThat(mesh.misplay()).isEmpty();
        assertThat(mesh.engines().starts()).isEqualTo(2);
    }

    @Test
    void row6TwoModelsAreSeenFromBothNodes() {
        var mesh = twoModels(206);

        mesh.run(20_000);

        for (int node = 0; node < 2; node++) {
            assertThat(readyHosts(mesh, node, SMALL)).isEqualTo(1);
            assertThat(readyHosts(mesh, node, OTHER)).isEqualTo(1);
        }
    }

    @Test
    void row7JoinerTakesTheUnservedModelItHolds() {
        var mesh = Simulation.of(2).seed(207).build();
        mesh.start(0, Machines.seeding(0, serving(0), List.of(new Wanted(OTHER, "", NEED))));
        mesh.run(10_000);

        mesh.start(1, Machines.idle(1, MEMORY, List.of(Machines.file(SMALL, NEED), Machines.file(OTHER, NEED))));
        mesh.join(1, 0);
        mesh.run(20_000);

        assertThat(mesh.engines().parts(1)).isEqualTo("other alone");
    }

    @Test
    void row8ClientSeesAllModelsAndRows5And15NobodySeesTheClient() {
        var mesh = twoModels(208);
        int client = mesh.add();

        mesh.start(client, Machines.client(client));
        mesh.join(client, 0);
        mesh.run(20_000);

        assertThat(readyHosts(mesh, client, SMALL)).isEqualTo(1);
        assertThat(readyHosts(mesh, client, OTHER)).isEqualTo(1);
        assertThat(mesh.node(client).snapshot().peers().getFirst().profile().addresses())
                .isNotEmpty();
        for (int node = 0; node < 2; node++)
            assertThat(mesh.node(node).snapshot().peers()).hasSize(1);
    }

    @Test
    void row9DroppedModelIsColdAndItsNodeLeavesWithinASecond() {
        var mesh = twoModels(209);
        mesh.run(20_000);

        mesh.tell(1, new Event.Dropped(OTHER));
        mesh.run(1_000);
        assertThat(mesh.node(0).snapshot().routes().hosts(OTHER)).isEmpty();
        assertThat(mesh.engines().parts(1)).isEqualTo("nothing");

        mesh.leave(1);
        mesh.run(1_000);
        assertThat(mesh.node(0).snapshot().peers()).isEmpty();
        assertThat(mesh.engines().part(0, SMALL)).isEqualTo("alone");
    }

    @Test
    void row11KilledHostIsGoneFromRoutesWithinTenSeconds() {
        var mesh = twoModels(211);
        mesh.run(20_000);

        mesh.crash(1);
        mesh.run(10_000);

        assertThat(mesh.node(0).snapshot().routes().hosts(OTHER)).isEmpty();
        mesh.run(120_000);
        assertThat(mesh.node(0).snapshot().peers()).isEmpty();
    }

    @Test
    void row12RestartedHostIsWarmAgain() {
        var mesh = twoModels(212);
        mesh.run(20_000);
        mesh.crash(1);
        mesh.run(20_000);

        mesh.restart(1, true);
        mesh.join(1, 0);
        mesh.run(10_000);

        assertThat(readyHosts(mesh, 0, OTHER)).isEqualTo(1);
        assertThat(readyHosts(mesh, 1, SMALL)).isEqualTo(1);
    }

    @Test
    void row13EnginesStartOncePerElection() {
        var mesh = Simulation.of(4).seed(213).build();
        for (int node = 0; node < 4; node++)
            mesh.start(node, Machines.serving(node, MEMORY, SMALL, 80 * Machines.GIB, false));
        for (int node = 1; node < 4; node++) mesh.join(node, 0);

        mesh.run(300_000);

        assertThat(mesh.engines().starts()).isEqualTo(4);
        assertThat(mesh.engines().stops()).isZero();
    }

    @Test
    void row14SplitWithASmallWorkerRevertsWhenItDies() {
        var mesh = Simulation.of(2).seed(214).build();
        mesh.start(0, Machines.serving(0, MEMORY, SMALL, NEED, true));
        mesh.run(10_000);
        assertThat(mesh.engines().part(0, SMALL)).isEqualTo("alone");

        mesh.start(1, Machines.serving(1, Machines.GIB, SMALL, NEED, true));
        mesh.join(1, 0);
        mesh.run(20_000);
        assertThat(mesh.engines().part(0, SMALL)).startsWith("hosts over [1]");

        mesh.crash(1);
        mesh.run(20_000);
        assertThat(mesh.engines().part(0, SMALL)).isEqualTo("alone");
        assertThat(readyHosts(mesh, 0, SMALL)).isEqualTo(1);
    }

    private static Simulation twoModels(long seed) {
        var mesh = Simulation.of(2).seed(seed).build();
        mesh.start(0, serving(0));
        mesh.start(1, Machines.serving(1, MEMORY, OTHER, NEED, false));
        mesh.join(1, 0);
        return mesh;
    }

    private static Profile serving(int node) {
        return Machines.serving(node, MEMORY, SMALL, NEED, false);
    }

    private static long readyHosts(Simulation mesh, int viewer, ModelRef model) {
        return mesh.node(viewer).snapshot().routes().hosts(model).stream()
                .filter(host -> host.served().phase() == Phase.READY)
                .count();
    }
}
