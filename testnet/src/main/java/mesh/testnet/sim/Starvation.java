package mesh.testnet.sim;

import java.util.SplittableRandom;

/** Processes among greedy others: they run and stall in turns, messages waiting in their sockets meanwhile. Stateless. */
public final class Starvation {
    private Starvation() {}

    /** One node in ten stalls {@code stalledPermille} of its time, up to {@code stallMillisMax} at a stretch. */
    public static void oneInTen(Simulation mesh, int stalledPermille, int stallMillisMax, SplittableRandom random) {
        for (int node = 0; node < mesh.size(); node += 10)
            starve(mesh, node, stalledPermille, stallMillisMax, random, Long.MAX_VALUE);
    }

    /** From now until {@code untilMillis}. */
    static void starve(
            Simulation mesh,
            int node,
            int stalledPermille,
            int stallMillisMax,
            SplittableRandom random,
            long untilMillis) {
        if (mesh.nowMillis() >= untilMillis) return;
        int stall = 1 + random.nextInt(stallMillisMax);
        int share = Math.clamp(stalledPermille, 1, 999);
        long run = (long) stall * (1_000 - share) / share;
        if (mesh.isUp(node) && !mesh.isFrozen(node)) {
            mesh.freeze(node, false);
            mesh.at(mesh.nowMillis() + stall, () -> mesh.thaw(node));
        }
        mesh.at(
                mesh.nowMillis() + stall + run,
                () -> starve(mesh, node, stalledPermille, stallMillisMax, random, untilMillis));
    }
}
