package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Tunables;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Homes on several continents, with the numbers made for them: 80 to 200 ms one way, and one message in thirty lost. */
class FarHomesSim {
    private static final Tunables WAN = Tunables.wan();
    private static final Faults FAR = new Faults(30, 5, 80, 200, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** The derivation of the LAN's three seconds: who looks when at p99, the two waits, the doubt, and the way to all. */
    private static long detectionMillis(int nodes) {
        var probing = WAN.probing();
        long roundTrips = 6L * (FAR.latencyMillisMax() + FAR.jitterMillis());
        long waits = Math.max(probing.directMillis(), roundTrips) + probing.indirectMillis();
        return 5 * probing.intervalMillis()
                + waits
                + WAN.doubtFloorMillis(nodes)
                + WAN.expectedSpreadMillis(nodes)
                + FAR.latencyMillisMax();
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 60})
    void nobodyIsRemovedByMistake(int nodes) {
        for (long seed = 1; seed <= 3; seed++) {
            var mesh = mesh(nodes, seed);
            var losses = Losses.seenByAll(mesh);

            mesh.run(180_000);

            assertThat(losses.count()).as("seed %d", seed).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 60})
    void deadPeerIsGoneFromEveryViewWithinTheScaledTime(int nodes) {
        var times = new Percentiles();
        for (long seed = 1; seed <= 20; seed++) {
            var mesh = mesh(nodes, seed);
            var losses = Losses.seenByAll(mesh);
            long since = mesh.nowMillis();

            mesh.crash(1);
            mesh.run(60_000);

            assertThat(losses.count()).as("seed %d", seed).isEqualTo(nodes - 1);
            times.add(losses.lastAtMillis() - since);
        }

        assertThat(times.at(0.95)).as("p50 / p99 / max %s", times).isLessThanOrEqualTo(detectionMillis(nodes));
    }

    private static Simulation mesh(int nodes, long seed) {
        var mesh = Simulation.of(nodes).seed(seed).tunables(WAN).faults(FAR).build();
        mesh.startAllThrough(0);
        mesh.converge(60_000);
        mesh.run(20_000);
        return mesh;
    }
}
