package mesh.testnet;

import java.util.Arrays;
import mesh.testnet.sim.DecisionFigures;
import mesh.testnet.sim.GossipFigures;

/**
 * Figures of the membership, from simulation, as Markdown rows: {@code GossipBench [nodes…]}. Virtual time, so exact and
 * repeatable on any machine; what memberlist's defaults give is computed from its formulas, not run.
 */
public final class GossipBench {
    private GossipBench() {}

    public static void main(String[] args) {
        int[] sizes = args.length == 0
                ? new int[] {10, 100, 1_000}
                : Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        IO.println("| nodes | what | measured | memberlist's LAN defaults, computed |");
        IO.println("|---|---|---|---|");
        for (int nodes : sizes) {
            GossipFigures.of(nodes).forEach(IO::println);
            if (nodes <= 1_000) DecisionFigures.of(nodes).forEach(IO::println);
        }
    }
}
