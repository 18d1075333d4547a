package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.id.ModelRef;
import mesh.core.member.Change;
import org.junit.jupiter.api.Test;

/** The times and costs that the design promises, in virtual time and therefore exact. */
class PromisedTimesSim {
    @Test
    void deadPeerIsGoneFromEveryViewOfTenWithinThreeSeconds() {
        var times = new Percentiles();
        for (long seed = 1; seed <= 60; seed++) {
            var mesh = Simulation.of(10).seed(seed).build();
            mesh.startAllThrough(0);
            mesh.run(10_000);
            var losses = Losses.seenByAll(mesh);
            long since = mesh.nowMillis();
            mesh.crash(1 + (int) seed % 9);
            mesh.run(10_000);
            times.add(losses.lastAtMillis() - since);
            assertThat(losses.count()).isEqualTo(9);
        }

        assertThat(times.at(0.95)).as("p50 / p99 / max %s", times).isLessThanOrEqualTo(3_000);
        assertThat(times.at(1)).as("p50 / p99 / max %s", times).isLessThanOrEqualTo(3_600);
    }

    @Test
    void changeReachesAThousandWithinASecondAndIdlingIsCheap() {
        var mesh = Simulation.of(1_000).seed(7).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.run(20_000);
        var times = new Percentiles();
        long since = mesh.nowMillis();
        mesh.watch((atMillis, _, change) -> {
            if (change instanceof Change.Updated) times.add(atMillis - since);
        });

        mesh.describe(500, Machines.plain(500, 30 * Machines.GIB));
        mesh.run(2_000);
        mesh.traffic().reset();
        mesh.run(20_000);

        assertThat(times.at(0.99)).as("p50 / p99 / max %s", times).isLessThanOrEqualTo(1_000);
        assertThat(mesh.traffic().bytes() / 20 / 1_000).isLessThanOrEqualTo(5_000);
    }

    @Test
    void idlingInAHundredIsCheap() {
        var mesh = Simulation.of(100).seed(8).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        mesh.run(20_000);
        mesh.traffic().reset();

        mesh.run(60_000);

        assertThat(mesh.traffic().bytes() / 60 / 100).isLessThanOrEqualTo(2_000);
    }

    @Test
    void twoHundredClientsCostTheirHostNoGossip() {
        var mesh = Simulation.of(202).seed(9).build();
        mesh.start(0, Machines.serving(0, 24 * Machines.GIB, new ModelRef("small"), Machines.GIB, false));
        mesh.start(1);
        mesh.join(1, 0);
        for (int client = 2; client < 202; client++) {
            mesh.start(client, Machines.client(client));
            mesh.join(client, 0);
        }
        mesh.run(20_000);
        assertThat(mesh.node(0).snapshot().peers()).hasSize(1);
        assertThat(mesh.node(0).followers()).isEqualTo(200);
        mesh.traffic().reset();

        mesh.run(60_000);

        assertThat(mesh.traffic().bytes() / 60).as("of 202 nodes together").isLessThanOrEqualTo(2_000);
    }
}
