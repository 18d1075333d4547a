package mesh.daemon.route;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * How fast each host began its last answers, to tell when one is unusually silent. Asking a second host costs work, so
 * there is a budget for it. Methods may be called from any event loop; the lock guards the rings for a moment.
 */
final class Paces {
    private static final int ANSWERS = 64;

    /** Fewer answers make no percentile. */
    private static final int ANSWERS_MIN = 20;

    private static final int PERCENTILE = 95;

    /** What is within this is never worth a second host. */
    private static final long PATIENCE_MILLIS_MIN = 100;

    /** A host that dies takes so many requests with it at once, and others pay one in ten requests towards it. */
    private static final double BUDGET_MAX = 64;

    private static final double BUDGET_PER_ANSWER = 0.1;

    private static final int HOSTS_MAX = 1_024;

    private final Map<Key, Pace> paces = new LinkedHashMap<>();
    private double budget = BUDGET_MAX;

    private record Key(NodeId node, ModelRef model) {}

    private static final class Pace {
        final long[] millis = new long[ANSWERS];
        int count;
    }

    synchronized void answered(NodeId node, ModelRef model, long firstByteMillis) {
        Pace pace = paces.computeIfAbsent(new Key(node, model), unknown -> new Pace());
        pace.millis[pace.count++ % ANSWERS] = firstByteMillis;
        budget = Math.min(BUDGET_MAX, budget + BUDGET_PER_ANSWER);
        if (paces.size() > HOSTS_MAX) paces.remove(paces.keySet().iterator().next());
    }

    /** The host's own 95th percentile; 0 = not known yet. */
    synchronized long patienceMillis(NodeId node, ModelRef model) {
        Pace pace = paces.get(new Key(node, model));
        if (pace == null || pace.count < ANSWERS_MIN) return 0;
        long[] sorted = Arrays.copyOf(pace.millis, Math.min(ANSWERS, pace.count));
        Arrays.sort(sorted);
        return Math.max(PATIENCE_MILLIS_MIN, 1 + sorted[(sorted.length - 1) * PERCENTILE / 100]);
    }

    /** Whether a second host may be asked now; if so, that is paid. */
    synchronized boolean pays() {
        if (budget < 1) return false;
        budget--;
        return true;
    }
}
