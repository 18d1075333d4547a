package mesh.core.elect;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds, for each number of workers, those with the least sum of round trips that hold enough units. Exact, because a
 * greedy choice could get better by a node leaving: here one that was not chosen can leave without any effect. On a tie
 * the set without the farthest node that the two differ in. Stateless.
 */
final class Cheapest {
    /** A worker that might be taken. */
    record Offer(Member member, long hopMicros, long units) {}

    private static final long IMPOSSIBLE = Long.MAX_VALUE;

    private Cheapest() {}

    /**
     * At index k the best k of {@code offers} that hold {@code missing} units together, in the order of the offers, or
     * an empty list when no k of them do.
     */
    static List<List<Member>> ofEachSize(List<Offer> offers, int missing, int sizeMax) {
        long[][] cost = new long[sizeMax + 1][missing + 1];
        @Nullable Chain[][] taken = new Chain[sizeMax + 1][missing + 1];
        for (int size = 0; size <= sizeMax; size++)
            for (int units = 0; units <= missing; units++) cost[size][units] = size == 0 && units == 0 ? 0 : IMPOSSIBLE;
        for (Offer offer : offers)
            // Downwards, so that each offer is taken at most once.
            for (int size = sizeMax; size > 0; size--)
                for (int units = 0; units <= missing; units++) {
                    int rest = (int) Math.max(0, units - offer.units());
                    if (cost[size - 1][rest] == IMPOSSIBLE) continue;
                    long sum = cost[size - 1][rest] + offer.hopMicros();
                    if (sum >= cost[size][units]) continue;
                    cost[size][units] = sum;
                    taken[size][units] = new Chain(offer.member(), taken[size - 1][rest]);
                }
        var best = new ArrayList<List<Member>>();
        for (int size = 0; size <= sizeMax; size++) best.add(members(taken[size][missing]));
        return best;
    }

    private static List<Member> members(@Nullable Chain last) {
        var members = new ArrayList<Member>();
        for (Chain at = last; at != null; at = at.before) members.addFirst(at.member);
        return members;
    }

    /** The members taken so far, last first. */
    private record Chain(Member member, @Nullable Chain before) {}
}
