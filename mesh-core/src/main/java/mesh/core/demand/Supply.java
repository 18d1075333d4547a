package mesh.core.demand;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Wanted;

/** One model as the whole mesh wants and serves it. Immutable; the view's order does not matter. */
record Supply(ModelRef model, int servers, long milliPerMinute, boolean isWanted, String source, long needBytes) {
    /** Every model that somebody wants or has put memory to. */
    static SortedMap<ModelRef, Supply> of(Map<NodeId, Profile> view) {
        var supplies = new TreeMap<ModelRef, Supply>();
        var ordered = new TreeMap<>(view);
        for (Profile profile : ordered.values()) {
            if (profile.role() == Role.CLIENT) continue;
            for (Wanted wanted : profile.wanted())
                supplies.merge(wanted.model(), of(wanted), (known, more) -> known.wanted(more));
            for (var assigned : profile.assigned()) {
                ModelRef model = assigned.model();
                Supply known = supplies.getOrDefault(model, new Supply(model, 0, 0, false, "", 0));
                supplies.put(model, failed(profile, model) ? known : known.plusServer());
            }
        }
        var totals = Demand.totals(ordered.values());
        supplies.replaceAll((model, supply) -> supply.asked(totals.getOrDefault(model, 0L)));
        return supplies;
    }

    static Supply of(Wanted wanted) {
        return new Supply(wanted.model(), 0, 0, true, wanted.source(), wanted.needBytes());
    }

    private static boolean failed(Profile profile, ModelRef model) {
        return profile.served().stream()
                .anyMatch(s -> s.model().equals(model) && (s.phase() == Phase.FAILED || s.phase() == Phase.DRAINING));
    }

    /** Two who want it: whoever names a source first, by id, and the more careful need. */
    private Supply wanted(Supply other) {
        return new Supply(
                model,
                servers,
                milliPerMinute,
                true,
                source.isEmpty() ? other.source : source,
                Math.max(needBytes, other.needBytes));
    }

    Supply plusServer() {
        return new Supply(model, servers + 1, milliPerMinute, isWanted, source, needBytes);
    }

    private Supply asked(long milliPerMinuteNow) {
        return new Supply(model, servers, milliPerMinuteNow, isWanted, source, needBytes);
    }

    /** Demand on each server. */
    long heat() {
        return milliPerMinute / Math.max(1, servers);
    }
}
