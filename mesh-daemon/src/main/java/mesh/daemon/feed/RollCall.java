package mesh.daemon.feed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who was here before and is missed now, so that a page can show it, and figures of members that are news only when they
 * really moved: a reader wants to know how old its view is, not every tick that all is well. One owner, no clock.
 */
final class RollCall {
    /** A moment is told anew when it is this much later. */
    private static final long STEP_MILLIS = 5_000;

    /** What a busy machine adds and takes from one ping to the next. */
    private static final double JITTER_MILLIS = 0.5;

    /** Whoever looks has seen it by then. */
    static final long LOST_MILLIS = 10 * 60_000;

    private static final int LOST_MAX = 256;

    private final Map<String, Long> heardMillis = new LinkedHashMap<>();
    private final Map<String, Double> rttMillis = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> seen = new LinkedHashMap<>();
    private final Map<String, Lost> lost = new LinkedHashMap<>();

    private record Lost(Map<String, Object> node, long sinceMillis) {}

    /** The moment to show for a member of which something was heard at {@code millis}. */
    long heard(String id, long millis) {
        Long shown = heardMillis.get(id);
        if (shown != null && Math.abs(millis - shown) < STEP_MILLIS) return shown;
        heardMillis.put(id, millis);
        return millis;
    }

    /** The round trip to show for one of {@code millis}: the same until it moved by over a quarter and the jitter. */
    double rtt(String id, double millis) {
        Double shown = rttMillis.get(id);
        if (shown != null && Math.abs(millis - shown) <= shown / 4 + JITTER_MILLIS) return shown;
        double rounded = Math.round(millis * 10) / 10.0;
        rttMillis.put(id, rounded);
        return rounded;
    }

    /**
     * Takes the members of this moment and answers with those that are missed, longest first.
     *
     * @param here their entities by id
     * @param departed who said goodbye, and so is not missed
     */
    List<Map<String, Object>> missing(Map<String, Map<String, Object>> here, Set<String> departed, long nowMillis) {
        seen.forEach((id, node) -> {
            if (!here.containsKey(id)) lost.put(id, new Lost(node, nowMillis));
        });
        lost.keySet().removeAll(here.keySet());
        lost.keySet().removeAll(departed);
        lost.values().removeIf(each -> nowMillis - each.sinceMillis() > LOST_MILLIS);
        while (lost.size() > LOST_MAX) lost.remove(lost.keySet().iterator().next());
        seen.clear();
        seen.putAll(here);
        heardMillis.keySet().retainAll(here.keySet());
        rttMillis.keySet().retainAll(here.keySet());
        var missing = new ArrayList<Map<String, Object>>();
        for (Lost each : lost.values()) missing.add(marked(each));
        return missing;
    }

    private static Map<String, Object> marked(Lost each) {
        var node = new LinkedHashMap<>(each.node());
        node.put("state", "lost");
        node.put("lostMillis", each.sinceMillis());
        for (String present : List.of("models", "rttMillis", "path", "via", "memoryUsedBytes")) node.remove(present);
        return node;
    }
}
