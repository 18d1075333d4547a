package mesh.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import mesh.core.demand.Demand;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Demanded;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;

/**
 * What this node says of itself: the machine's facts as the daemon describes them, and what the node itself decided,
 * runs and measured. Owned by {@link Node}.
 */
final class OwnWord {
    /** A machine that is busy for longer than two of these is as slow as it seems. */
    private static final long RTT_WINDOW_MILLIS = 30_000;

    /**
     * A split fills its own path while it reads long prompts, and the queue in front of it is no distance. That its path
     * has really become longer shows in the first quiet moment of so long.
     */
    private static final long SPLIT_RTT_WINDOW_MILLIS = 600_000;

    private final Engines engines;
    private final Demand demand;
    private final TreeMap<ModelRef, Assigned> taken = new TreeMap<>();
    private final TreeSet<ModelRef> declined = new TreeSet<>();
    private final TreeMap<NodeId, Link> links = new TreeMap<>();
    private final TreeMap<NodeId, Lowest> lowest = new TreeMap<>();
    private Profile facts;

    /** What is known of the way to another node. */
    interface Paths {
        /** As the last probe found it; -1 = not known. */
        int rttMillis(NodeId peer);

        /** Whether connections of a split stand with it. */
        boolean isSplitWith(NodeId peer);
    }

    OwnWord(Profile facts, Engines engines, Demand demand) {
        this.facts = facts;
        this.engines = engines;
        this.demand = demand;
    }

    void describe(Profile newFacts) {
        facts = newFacts;
    }

    void take(Assigned assigned) {
        declined.remove(assigned.model());
        taken.put(assigned.model(), assigned);
    }

    /** The whole of this node's memory for a model that the mesh needs. */
    void take(ModelRef model) {
        take(new Assigned(model, facts.usableBytes(), false, List.of()));
    }

    void drop(ModelRef model) {
        taken.remove(model);
        declined.add(model);
    }

    Set<ModelRef> declined() {
        return declined;
    }

    /** What the operator assigned at the start and since, and what the node took up, less what was dropped. */
    List<Assigned> assigned() {
        var all = new TreeMap<ModelRef, Assigned>();
        for (Assigned each : facts.assigned()) all.put(each.model(), each);
        all.putAll(taken);
        all.keySet().removeAll(declined);
        return List.copyOf(all.values());
    }

    /** Keeps links to {@code partners} only; those not measured yet are the answer. */
    List<NodeId> linksTo(List<NodeId> partners, Paths paths, long nowMillis) {
        links.keySet().retainAll(partners);
        lowest.keySet().retainAll(partners);
        var unmeasured = new ArrayList<NodeId>();
        for (NodeId partner : partners) {
            if (!lowest.containsKey(partner) && paths.rttMillis(partner) < 0) {
                unmeasured.add(partner);
                continue;
            }
            measure(partner, paths, nowMillis);
        }
        return unmeasured;
    }

    /** Looks at the paths that are announced, any moment of which may be the quiet one; true when one has changed. */
    boolean measure(Paths paths, long nowMillis) {
        boolean hasChanged = false;
        for (NodeId partner : lowest.keySet()) hasChanged |= measure(partner, paths, nowMillis);
        return hasChanged;
    }

    private boolean measure(NodeId partner, Paths paths, long nowMillis) {
        long window = paths.isSplitWith(partner) ? SPLIT_RTT_WINDOW_MILLIS : RTT_WINDOW_MILLIS;
        int rtt = lowest.computeIfAbsent(partner, each -> new Lowest())
                .after(paths.rttMillis(partner), window, nowMillis);
        Link known = links.get(partner);
        if (known == null && links.size() == Profile.LINKS_MAX) return false;
        Link now = known == null ? Link.measured(partner, rtt * 1_000L) : known.heard(rtt * 1_000L);
        links.put(partner, now);
        return !now.equals(known);
    }

    Profile profile(long nowMillis) {
        var served = new ArrayList<>(engines.rows(nowMillis));
        for (Served row : facts.served()) if (row.attached()) served.add(row);
        return profile(served, demand.rates(nowMillis));
    }

    /** The same without what changes with every request: a difference here is told at once, one there in its time. */
    Profile withoutLoad(Profile whole) {
        var served = new ArrayList<Served>();
        for (Served row : whole.served())
            served.add(new Served(
                    row.model(),
                    row.phase(),
                    row.slots(),
                    0,
                    0,
                    row.workers(),
                    row.ctxTokens(),
                    row.sizeBytes(),
                    row.skills(),
                    row.attached(),
                    row.shares()));
        return profile(served, List.of());
    }

    private Profile profile(List<Served> served, List<Demanded> demanded) {
        List<Assigned> assigned = assigned();
        return new Profile(
                facts.name(),
                role(served, assigned),
                facts.usableBytes(),
                facts.bandwidthBytesPerSecond(),
                served,
                facts.onDisk(),
                facts.wanted(),
                demanded,
                facts.engine(),
                facts.addresses(),
                assigned,
                List.copyOf(links.values()),
                facts.splits(),
                facts.fetchBytes());
    }

    private Role role(List<Served> served, List<Assigned> assigned) {
        if (facts.role() == Role.CLIENT) return Role.CLIENT;
        if (!served.isEmpty()) return Role.HOST;
        return assigned.isEmpty() ? Role.STANDBY : Role.WORKER;
    }
}
