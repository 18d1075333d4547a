package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.List;
import mesh.core.id.ModelRef;

/**
 * What one membership change costs in decisions: a mesh whose members serve a small model alone and share a large one;
 * one node of a kind dies and comes back. Stateless.
 */
public final class DecisionFigures {
    private static final ModelRef SMALL = new ModelRef("Qwen3-8B-Q4_K_M");
    private static final ModelRef LARGE = new ModelRef("Qwen2.5-72B-Q4_K_M");
    private static final int SHARING = 10;
    private static final long SETTLE_MILLIS = 30_000;

    private DecisionFigures() {}

    public static List<String> of(int nodes) {
        var rows = new ArrayList<String>();
        var mesh = Simulation.of(nodes).seed(nodes).build();
        for (int node = 0; node < nodes; node++) {
            boolean shares = node < SHARING;
            long memory = (24 + node % SHARING) * Machines.GIB;
            mesh.start(
                    node,
                    Machines.serving(node, memory, shares ? LARGE : SMALL, (shares ? 42L : 6L) * Machines.GIB, false));
            if (node > 0) mesh.join(node, 0);
        }
        mesh.run(SETTLE_MILLIS);
        mesh.settle(SETTLE_MILLIS);
        rows.add(change(mesh, "a server of the small model dies and returns", nodes - 1));
        rows.add(change(mesh, "an idle sharer of the large model dies and returns", playing(mesh, "nothing")));
        rows.add(change(mesh, "a worker of the split dies and returns", playing(mesh, "lends")));
        rows.add(change(mesh, "the host of the split dies and returns", playing(mesh, "hosts")));
        return rows;
    }

    private static String change(Simulation mesh, String what, int node) {
        var engines = mesh.engines();
        long decisions = engines.decisions();
        long starts = engines.starts();
        long stops = engines.stops();
        mesh.crash(node);
        mesh.run(SETTLE_MILLIS);
        mesh.restart(node, true);
        mesh.join(node, (node + 1) % mesh.size());
        mesh.run(SETTLE_MILLIS);
        mesh.settle(SETTLE_MILLIS);
        return "| " + mesh.size() + " | " + what + " | " + (engines.decisions() - decisions) + " outcomes changed, "
                + (engines.starts() - starts) + " starts, " + (engines.stops() - stops) + " stops | – |";
    }

    private static int playing(Simulation mesh, String part) {
        for (int node = 0; node < SHARING; node++)
            if (mesh.engines().part(node, LARGE).startsWith(part)) return node;
        return 0;
    }
}
