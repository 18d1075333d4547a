package mesh.core.demand;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.Settled;
import mesh.core.demand.Task.Serve;
import mesh.core.demand.Task.Stay;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Wanted;

/**
 * A node without a model, over time: it joins once, then waits to be needed. It acts only on a wish that stood for a
 * while and only by taking a model up, never by leaving one, so it cannot flap. Owned by the loop.
 */
public final class Standby {
    /** Long enough for a joiner to hear the mesh's first full exchange. */
    public static final long JOIN_SETTLE_MILLIS = 5_000;

    /** Outlasts the restart of an engine and the return of a node that only lost its Wi-Fi. */
    public static final long PROMOTE_SETTLE_MILLIS = 10_000;

    /** A model that nobody served for so long is gone, not lost. */
    static final long REMEMBERED_MILLIS = 10 * 60_000L;

    private final Assignment assignment;
    private final Map<ModelRef, Remembered> served = new LinkedHashMap<>();
    private final Settled<Task> settled = new Settled<>();
    private Task wish = new Stay(AssignReason.NOTHING_WANTED);
    private boolean hasJoined;

    public Standby(Assignment assignment) {
        this.assignment = assignment;
    }

    /**
     * Call it on every change of the view and every second while this node has no model; the answer is what to take up
     * now. Whoever takes it up assigns the model at once, and others see that in the next announcement.
     */
    public Optional<Serve> observe(NodeId self, Map<NodeId, Profile> view, Set<ModelRef> declined, long nowMillis) {
        remember(view, nowMillis);
        wish = hasJoined
                ? assignment.promotion(self, view, declined, lost())
                : assignment.joining(self, view, declined);
        long forMillis = hasJoined ? PROMOTE_SETTLE_MILLIS : JOIN_SETTLE_MILLIS;
        Optional<Task> sure = settled.observe(wish, forMillis, nowMillis);
        if (sure.isEmpty()) return Optional.empty();
        hasJoined = true;
        return sure.get() instanceof Serve serve ? Optional.of(serve) : Optional.empty();
    }

    /** What it would do if nothing changed: for {@code mesh status}. */
    public Task wish() {
        return wish;
    }

    private void remember(Map<NodeId, Profile> view, long nowMillis) {
        for (Supply supply : Supply.of(view).values()) {
            if (supply.servers() == 0) continue;
            served.remove(supply.model());
            var wanted = new Wanted(supply.model(), supply.source(), supply.needBytes());
            served.put(supply.model(), new Remembered(wanted, nowMillis));
        }
        served.values().removeIf(memory -> nowMillis - memory.servedAtMillis > REMEMBERED_MILLIS);
        while (served.size() > Profile.MODELS_MAX)
            served.remove(served.keySet().iterator().next());
    }

    private SortedMap<ModelRef, Wanted> lost() {
        var lost = new TreeMap<ModelRef, Wanted>();
        served.forEach((model, memory) -> lost.put(model, memory.wanted));
        return lost;
    }

    private record Remembered(Wanted wanted, long servedAtMillis) {}
}
