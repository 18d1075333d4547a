package mesh.daemon.route;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.id.NodeId;

/**
 * Which hosts one request has asked. A host that failed is asked once more, after a moment in which it may have come back,
 * and not a third time: what ends an engine twice would end it again. Used on the exchange's event loop.
 */
final class Trials {
    /** Less than an engine needs to start again, enough for a link to recover. */
    static final long PAUSE_MILLIS = 1_000;

    private static final int PER_HOST_MAX = 2;

    private final Map<NodeId, Trial> trials = new LinkedHashMap<>();

    /** What was asked of one host. */
    private static final class Trial {
        int count;
        int running;
        long endedAtMillis;
    }

    void begun(NodeId node) {
        Trial trial = trials.computeIfAbsent(node, fresh -> new Trial());
        trial.count++;
        trial.running++;
    }

    void ended(NodeId node, long nowMillis) {
        Trial trial = trials.get(node);
        if (trial == null) return;
        trial.running--;
        trial.endedAtMillis = nowMillis;
    }

    boolean isEmpty() {
        return trials.isEmpty();
    }

    /** Who is not to be asked now. */
    List<NodeId> barred(long nowMillis) {
        var barred = new ArrayList<NodeId>();
        trials.forEach((node, trial) -> {
            boolean isTooSoon = trial.running > 0 || nowMillis - trial.endedAtMillis < PAUSE_MILLIS;
            if (isTooSoon || trial.count >= PER_HOST_MAX) barred.add(node);
        });
        return barred;
    }

    /** Whether a host that was asked may be asked again later. */
    boolean mayGoOn() {
        return trials.values().stream().anyMatch(trial -> trial.count < PER_HOST_MAX);
    }
}
