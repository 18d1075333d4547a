package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Event;
import mesh.core.id.ModelRef;
import org.junit.jupiter.api.Test;

/**
 * The path between a split's host and its worker is silent for longer than the membership waits. While their connection
 * stands nobody in the mesh acts on it; once it is given up, the split is planned anew.
 */
class SplitOutlivesSilenceSim {
    private static final ModelRef MODEL = new ModelRef("Qwen2.5-72B");
    private static final long NEED = 40 * Machines.GIB;
    private static final long SILENCE_MILLIS = 10_000;

    @Test
    void nobodyStartsOrStopsAnythingWhileTheConnectionStands() {
        var mesh = FourShare.settled(113, MODEL, NEED);
        int worker = FourShare.lender(mesh, MODEL);
        tie(mesh, worker, true);
        long starts = mesh.engines().starts();
        long stops = mesh.engines().stops();

        isolate(mesh, worker);
        mesh.run(SILENCE_MILLIS);
        assertThat(mesh.node(0).members().isTrusted(mesh.id(worker)))
                .as("given up by the membership")
                .isFalse();
        mesh.net().heal();
        mesh.run(2 * SILENCE_MILLIS);

        assertThat(mesh.engines().starts()).isEqualTo(starts);
        assertThat(mesh.engines().stops()).isEqualTo(stops);
        assertThat(FourShare.lender(mesh, MODEL)).isEqualTo(worker);
        assertThat(mesh.misplay()).isEmpty();
    }

    @Test
    void anotherWorkerTakesOverOnceTheConnectionIsGivenUp() {
        var mesh = FourShare.settled(113, MODEL, NEED);
        int worker = FourShare.lender(mesh, MODEL);
        tie(mesh, worker, true);

        isolate(mesh, worker);
        mesh.run(SILENCE_MILLIS);
        tie(mesh, worker, false);
        mesh.crash(worker);
        mesh.run(SILENCE_MILLIS);

        assertThat(mesh.engines().part(0, MODEL)).startsWith("hosts over");
        assertThat(FourShare.lender(mesh, MODEL)).isNotIn(worker, -1);
    }

    private static void tie(Simulation mesh, int worker, boolean stands) {
        mesh.tell(0, new Event.Tied(mesh.id(worker), stands));
        mesh.tell(worker, new Event.Tied(mesh.id(0), stands));
    }

    private static void isolate(Simulation mesh, int worker) {
        int[] sides = new int[mesh.size()];
        sides[worker] = 1;
        mesh.net().split(sides);
    }
}
