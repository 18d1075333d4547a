package mesh.core.listing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Spread;

/**
 * Orders candidates for one seeker: what it knows by itself weighs most, then what a probe measured, and what a listing
 * claims only a little. Ties fall differently for each seeker, so that not everybody runs to one mesh. Pure.
 */
public final class Ranking {
    private static final int TRUSTED = 500;
    private static final int LAST_MESH = 300;
    private static final int SERVES_MINE = 200;
    private static final int WANTS_MINE = 100;
    private static final int LATENCY_MAX = 100;
    private static final int FREE_SLOTS_MAX = 50;
    private static final int PER_DOUBLED_NODES = 10;
    private static final int WORK_MAX = 30;
    private static final int PROBE_FAILED = -1_000;

    /** More than all that a listing can claim together: whoever was not asked stands behind whoever answered. */
    private static final int ANSWERED = 500;

    private Ranking() {}

    /** Those that meet the wish, best first, one per mesh. */
    public static List<Candidate> order(List<Candidate> candidates, Wish wish, int workBitsMin, NodeId seeker) {
        var met = new ArrayList<Candidate>();
        for (Candidate each : candidates) if (wish.isMetBy(each.listing())) met.add(each);
        met.sort(Comparator.comparingInt((Candidate each) -> -score(each, wish, workBitsMin))
                .thenComparingLong(each -> Spread.of(seeker, each.author())));
        Map<MeshId, Candidate> best = new LinkedHashMap<>();
        for (Candidate each : met) best.putIfAbsent(each.listing().mesh(), each);
        return List.copyOf(best.values());
    }

    static int score(Candidate candidate, Wish wish, int workBitsMin) {
        Listing listing = candidate.listing();
        int score = candidate.isTrusted() ? TRUSTED : 0;
        if (wish.last().filter(listing.mesh()::equals).isPresent()) score += LAST_MESH;
        if (wish.brings().stream().anyMatch(listing::serves)) score += SERVES_MINE;
        if (wish.brings().stream().anyMatch(listing::wants)) score += WANTS_MINE;
        score += Math.min(FREE_SLOTS_MAX, free(listing));
        score += PER_DOUBLED_NODES * (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(listing.nodes()));
        score += Math.clamp(candidate.workBits() - workBitsMin, 0, WORK_MAX);
        return score
                + switch (candidate.probe()) {
                    case Candidate.Probe.Untried() -> 0;
                    case Candidate.Probe.Answered(int millis) -> ANSWERED + Math.max(0, LATENCY_MAX - millis / 4);
                    case Candidate.Probe.Failed(String reason) -> PROBE_FAILED;
                };
    }

    private static int free(Listing listing) {
        return listing.clientsMax() == 0 ? FREE_SLOTS_MAX : listing.clientsMax() - listing.clients();
    }
}
