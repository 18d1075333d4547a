package mesh.core.demand;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Demanded;

/**
 * Counts the requests of the last minute at this node's own port, per model. Only the node that took a request from a
 * caller counts it, with those that passive nodes bring directly, so that the mesh's sum counts nothing twice. Owned by
 * the loop.
 */
public final class Demand {
    private static final int BUCKETS = 6;
    private static final long BUCKET_MILLIS = 10_000;

    /** Counts up to here are told exactly, so that thresholds near them are; larger ones by their leading bits. */
    private static final int EXACT_MAX = 16;

    private static final int LEADING_BITS = 3;

    private final Map<ModelRef, Bucket[]> models = new LinkedHashMap<>();

    /** One request that named {@code model}, whether or not it could be answered. */
    public void asked(ModelRef model, long nowMillis) {
        if (!models.containsKey(model) && models.size() >= Profile.MODELS_MAX) forgetQuietest(nowMillis);
        Bucket[] ring = models.computeIfAbsent(model, unknown -> new Bucket[BUCKETS]);
        long number = Math.floorDiv(nowMillis, BUCKET_MILLIS);
        int at = (int) Math.floorMod(number, (long) BUCKETS);
        Bucket bucket = ring[at];
        ring[at] = bucket == null || bucket.number != number ? new Bucket(number, 1) : bucket.plusOne();
    }

    /** What to announce: coarse, so that a steady stream of requests is not a stream of news. By model, none with zero. */
    public List<Demanded> rates(long nowMillis) {
        var rates = new ArrayList<Demanded>();
        models.values().removeIf(ring -> perMinute(ring, nowMillis) == 0);
        for (var entry : new TreeMap<>(models).entrySet())
            rates.add(new Demanded(entry.getKey(), 1_000 * coarse(perMinute(entry.getValue(), nowMillis))));
        return rates;
    }

    /** Thousandths of requests per minute over the whole mesh, of each model that was asked for. */
    public static SortedMap<ModelRef, Long> totals(Iterable<Profile> profiles) {
        var totals = new TreeMap<ModelRef, Long>();
        for (Profile profile : profiles)
            for (Demanded demanded : profile.demand())
                totals.merge(demanded.model(), demanded.milliPerMinute(), Long::sum);
        return totals;
    }

    private void forgetQuietest(long nowMillis) {
        models.entrySet().stream()
                .min(Comparator.comparingLong(entry -> perMinute(entry.getValue(), nowMillis)))
                .ifPresent(quietest -> models.remove(quietest.getKey()));
    }

    private static long perMinute(Bucket[] ring, long nowMillis) {
        long oldest = Math.floorDiv(nowMillis, BUCKET_MILLIS) - BUCKETS;
        long sum = 0;
        for (Bucket bucket : ring) if (bucket != null && bucket.number > oldest) sum += bucket.count;
        return sum;
    }

    static long coarse(long count) {
        if (count <= EXACT_MAX) return count;
        int dropped = Long.SIZE - Long.numberOfLeadingZeros(count) - LEADING_BITS;
        return count >> dropped << dropped;
    }

    /** The requests of ten seconds. */
    private record Bucket(long number, long count) {
        Bucket plusOne() {
            return new Bucket(number, count + 1);
        }
    }
}
