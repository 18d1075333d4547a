package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import mesh.core.member.Change;

/** Measures one size of mesh: detection, false removals, spread, bytes. Quiet links of 1 to 3 ms. Stateless. */
public final class GossipFigures {
    private static final long WARM_UP_MILLIS = 20_000;
    private static final long IDLE_MILLIS = 60_000;
    private static final long CHURN_MILLIS = 60_000;
    private static final long STARVED_MILLIS = 120_000;
    private static final int STALLED_PERMILLE = 300;
    private static final int STALL_MILLIS_MAX = 1_000;
    private static final int CHANGES = 20;
    private static final int HUGE_NODES = 5_000;
    private static final long HUGE_MILLIS = 10_000;

    /** Nobody starts ten thousand machines in one instant, and the door's answers to all would not fit into memory. */
    private static final int WAVE_NODES = 500;

    private static final long WAVE_MILLIS = 100;

    private GossipFigures() {}

    public static List<String> of(int nodes) {
        var baseline = new Memberlist(nodes);
        var rows = new ArrayList<String>();
        var mesh =
                Simulation.of(nodes).seed(nodes).codecEvery(nodes > 100 ? 8 : 1).build();
        if (nodes >= HUGE_NODES) return huge(mesh, rows, baseline);
        mesh.startAllThrough(0);
        rows.add(row(nodes, "all join through one node at once, ms", mesh.converge(60_000), "–"));
        mesh.run(WARM_UP_MILLIS);
        rows.add(row(
                nodes, "bytes sent per node and second, idle", idle(mesh, IDLE_MILLIS), baseline.idleBytesPerSecond()));
        rows.add(row(nodes, "a state change heard, ms p50 / p99 / max", spread(mesh), baseline.spreadMillis()));
        rows.add(row(nodes, "bytes per node for one state change", oneChange(mesh), "–"));
        rows.add(row(nodes, "a death noticed by all, ms p50 / p99 / max", deaths(mesh), baseline.detectionMillis()));
        rows.add(row(nodes, "bytes sent per node and second, 5 % restart each minute", churn(mesh), "–"));
        rows.addAll(starved(nodes));
        return rows;
    }

    /** What can be had within minutes of a mesh that large, all of it from one run. */
    private static List<String> huge(Simulation mesh, List<String> rows, Memberlist baseline) {
        int nodes = mesh.size();
        int[] losses = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Lost) losses[0]++;
        });
        mesh.startInWavesThrough(0, WAVE_NODES, WAVE_MILLIS);
        long started = mesh.nowMillis();
        mesh.converge(60_000);
        rows.add(row(nodes, "all join through one node, 5,000 a second, ms", mesh.nowMillis(), "–"));
        rows.add(row(nodes, "of these after the last one started, ms", mesh.nowMillis() - started, "–"));
        mesh.run(WARM_UP_MILLIS);
        rows.add(row(
                nodes, "bytes sent per node and second, idle", idle(mesh, HUGE_MILLIS), baseline.idleBytesPerSecond()));
        var heard = new Percentiles();
        var lost = new Percentiles();
        long[] since = {mesh.nowMillis()};
        mesh.watch((atMillis, _, change) -> {
            if (change instanceof Change.Updated) heard.add(atMillis - since[0]);
            if (change instanceof Change.Lost) lost.add(atMillis - since[0]);
        });
        mesh.describe(1, Machines.plain(1, 25 * Machines.GIB));
        mesh.run(HUGE_MILLIS);
        rows.add(row(nodes, "a state change heard, ms p50 / p99 / max", heard, baseline.spreadMillis()));
        rows.add(row(nodes, "false removals so far", losses[0], "–"));
        since[0] = mesh.nowMillis();
        mesh.crash(2);
        mesh.run(2 * HUGE_MILLIS);
        rows.add(row(nodes, "a death noticed, ms p50 / p99 / max", lost, baseline.detectionMillis()));
        rows.add(row(nodes, "nodes that noticed it", losses[0], "–"));
        return rows;
    }

    private static String row(int nodes, String what, Object measured, Object baseline) {
        return "| " + nodes + " | " + what + " | " + measured + " | " + baseline + " |";
    }

    private static String idle(Simulation mesh, long millis) {
        mesh.traffic().reset();
        mesh.run(millis);
        return Long.toString(mesh.traffic().bytes() * 1_000 / millis / mesh.size());
    }

    private static String spread(Simulation mesh) {
        var random = new SplittableRandom(1);
        var times = new Percentiles();
        long[] since = {0};
        int[] speaker = {-1};
        mesh.watch((atMillis, _, change) -> {
            if (change instanceof Change.Updated updated && mesh.index(updated.peer()) == speaker[0])
                times.add(atMillis - since[0]);
        });
        for (int change = 0; change < CHANGES; change++) {
            speaker[0] = random.nextInt(mesh.size());
            since[0] = mesh.nowMillis();
            mesh.describe(speaker[0], Machines.plain(speaker[0], (25 + change) * Machines.GIB));
            mesh.run(3_000);
        }
        speaker[0] = -1;
        return times.toString();
    }

    private static String oneChange(Simulation mesh) {
        mesh.traffic().reset();
        mesh.run(IDLE_MILLIS);
        long idle = mesh.traffic().bytes();
        mesh.traffic().reset();
        for (int change = 0; change < CHANGES; change++) {
            int speaker = change % mesh.size();
            mesh.describe(speaker, Machines.plain(speaker, (50 + change) * Machines.GIB));
            mesh.run(IDLE_MILLIS / CHANGES);
        }
        return Long.toString((mesh.traffic().bytes() - idle) / mesh.size() / CHANGES);
    }

    private static String deaths(Simulation mesh) {
        var random = new SplittableRandom(2);
        var times = new Percentiles();
        for (int death = 0; death < CHANGES; death++) {
            int victim = 1 + random.nextInt(mesh.size() - 1);
            long since = mesh.nowMillis();
            mesh.crash(victim);
            mesh.converge(120_000);
            times.add(mesh.nowMillis() - since);
            mesh.restart(victim, true);
            mesh.join(victim, 0);
            mesh.converge(60_000);
        }
        return times.toString();
    }

    private static String churn(Simulation mesh) {
        var random = new SplittableRandom(3);
        mesh.run(WARM_UP_MILLIS);
        mesh.traffic().reset();
        int restarts = Math.max(1, mesh.size() / 20);
        for (int each = 0; each < restarts; each++) {
            int node = 1 + random.nextInt(mesh.size() - 1);
            if (mesh.isUp(node)) mesh.crash(node);
            mesh.run(CHURN_MILLIS / restarts / 2);
            if (!mesh.isUp(node)) {
                mesh.restart(node, true);
                mesh.join(node, 0);
            }
            mesh.run(CHURN_MILLIS / restarts / 2);
        }
        return Long.toString(mesh.traffic().bytes() * 1_000 / CHURN_MILLIS / mesh.size());
    }

    /** One in ten gets 70 % of its processor: who is removed by mistake, and how long a true death takes then. */
    private static List<String> starved(int nodes) {
        var mesh = Simulation.of(nodes)
                .seed(nodes)
                .faults(Faults.starvation(STALLED_PERMILLE))
                .codecEvery(64)
                .build();
        mesh.startAllThrough(0);
        mesh.converge(60_000);
        int[] losses = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Lost) losses[0]++;
        });
        Starvation.oneInTen(mesh, STALLED_PERMILLE, STALL_MILLIS_MAX, new SplittableRandom(nodes));
        mesh.run(STARVED_MILLIS);
        int mistakes = losses[0];
        var times = new Percentiles();
        for (int victim = 1; victim <= 5; victim++) {
            long since = mesh.nowMillis();
            mesh.crash(victim);
            int expected = losses[0] + nodes - 1 - victim;
            while (losses[0] < expected && mesh.nowMillis() - since < 120_000) mesh.run(20);
            times.add(mesh.nowMillis() - since);
        }
        return List.of(
                row(nodes, "starved tenth: false removals in two minutes", mistakes, "–"),
                row(nodes, "starved tenth: a death noticed by all, ms p50 / p99 / max", times, "–"));
    }
}
