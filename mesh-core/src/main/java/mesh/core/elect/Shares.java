package mesh.core.elect;

import java.util.ArrayList;
import java.util.List;
import mesh.core.Check;

/** Cuts a model's units into whole shares, by largest remainder, in integers so that every node cuts alike. */
final class Shares {
    private Shares() {}

    /**
     * Shares in proportion to {@code weights}, each at least 1 and at most its {@code caps}, summing to {@code units}.
     * The caller has made sure that the caps suffice and that there is a unit for everyone.
     */
    static List<Integer> cut(int units, List<Long> weights, List<Long> caps) {
        long sum = weights.stream().mapToLong(Long::longValue).sum();
        Check.that(units >= weights.size() && sum > 0, "a unit for everyone", units, weights);
        var shares = new ArrayList<Integer>();
        int left = units;
        for (int i = 0; i < weights.size(); i++) {
            long fair = Math.min(caps.get(i), weights.get(i) * units / sum);
            int share = (int) Math.max(1, fair);
            shares.add(share);
            left -= share;
        }
        for (; left > 0; left--) {
            int at = mostOwed(units, weights, sum, shares, caps);
            shares.set(at, shares.get(at) + 1);
        }
        for (; left < 0; left++) {
            int at = mostOwing(units, weights, sum, shares);
            shares.set(at, shares.get(at) - 1);
        }
        return List.copyOf(shares);
    }

    private static int mostOwed(int units, List<Long> weights, long sum, List<Integer> shares, List<Long> caps) {
        int best = -1;
        long owedBest = 0;
        for (int i = 0; i < shares.size(); i++) {
            long owed = weights.get(i) * units - shares.get(i) * sum;
            if (shares.get(i) >= caps.get(i) || (best >= 0 && owed <= owedBest)) continue;
            best = i;
            owedBest = owed;
        }
        Check.that(best >= 0, "caps hold all units", units, caps);
        return best;
    }

    private static int mostOwing(int units, List<Long> weights, long sum, List<Integer> shares) {
        int best = -1;
        long owingBest = 0;
        for (int i = 0; i < shares.size(); i++) {
            long owing = shares.get(i) * sum - weights.get(i) * units;
            if (shares.get(i) == 1 || (best >= 0 && owing <= owingBest)) continue;
            best = i;
            owingBest = owing;
        }
        return best;
    }
}
