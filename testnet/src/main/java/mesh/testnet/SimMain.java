package mesh.testnet;

import java.util.HashMap;
import java.util.Map;
import mesh.testnet.sim.Trial;
import mesh.testnet.sim.Verdict;

/**
 * {@code mesh sim --seed S --nodes N --minutes M [--seeds COUNT]}: runs meshes through bad weather and prints a verdict
 * each; of a failed one the seed, what was wrong and the last events of the nodes involved. Exit code 1 when one failed.
 */
public final class SimMain {
    private SimMain() {}

    public static void main(String[] args) {
        Map<String, Long> options = options(args);
        long first = options.getOrDefault("--seed", 1L);
        int nodes = Math.toIntExact(options.getOrDefault("--nodes", 100L));
        long troubleMillis = options.getOrDefault("--minutes", 1L) * 60_000;
        boolean good = true;
        for (long seed = first; seed < first + options.getOrDefault("--seeds", 1L); seed++) {
            Verdict verdict = Trial.run(nodes, seed, troubleMillis);
            IO.println(verdict);
            good &= verdict.isGood();
        }
        if (!good) System.exit(1);
    }

    private static Map<String, Long> options(String[] args) {
        var options = new HashMap<String, Long>();
        boolean known = true;
        for (int at = 0; known && at + 1 < args.length; at += 2) {
            known = args[at].matches("--(seed|nodes|minutes|seeds)") && args[at + 1].matches("\\d{1,9}");
            if (known) options.put(args[at], Long.parseLong(args[at + 1]));
        }
        if (args.length % 2 == 0 && known) return options;
        IO.println("usage: mesh sim [--seed S] [--nodes N] [--minutes M] [--seeds COUNT]");
        System.exit(2);
        return options;
    }
}
