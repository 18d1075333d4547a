package mesh.core.demand;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import mesh.core.demand.Task.Serve;
import mesh.core.demand.Task.Stay;
import mesh.core.elect.Election;
import mesh.core.elect.Need;
import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Spread;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Wanted;

/**
 * Picks a model for a node that has none. Several such nodes spread without talking: each plays the picks of those with
 * a smaller id first, which it can, since all that a pick depends on is announced. Stateless and pure.
 */
public final class Assignment {
    /** A server with ten requests a minute is busy a good part of the time. */
    static final long HOT_MILLI_PER_MINUTE = 10_000;

    /** A second server of the hot model must be worth clearly more than one of the coldest would be. */
    static final int HOT_OVER_COLDEST = 3;

    /** Those before us that we play; a thousand joining at once pile up a little rather than cost a thousand squared. */
    private static final int JOINERS_PLAYED_MAX = 64;

    private final Election election;

    public Assignment(Election election) {
        this.election = election;
    }

    /**
     * What a node that comes without a model takes up: an unserved wanted model on disk, one to fetch, its memory for a
     * split that waits for just that, the least-served on disk, the least-served to fetch.
     *
     * @param view every live member and this node; those that are standbys without a model are the joiners
     * @param declined models this node's operator dropped here
     */
    public Task joining(NodeId self, Map<NodeId, Profile> view, Set<ModelRef> declined) {
        return play(self, view, declined, new TreeMap<>(), this::joiningPick);
    }

    /**
     * What a standby takes up: a model that nobody serves any more, its memory for a split that waits for it, or
     * another server of a hot model.
     *
     * @param lost models that had a server lately and lost the last one, beyond those the mesh still wants
     */
    public Task promotion(
            NodeId self, Map<NodeId, Profile> view, Set<ModelRef> declined, SortedMap<ModelRef, Wanted> lost) {
        return play(self, view, declined, lost, this::promotionPick);
    }

    private Task play(
            NodeId self,
            Map<NodeId, Profile> view,
            Set<ModelRef> declined,
            SortedMap<ModelRef, Wanted> lost,
            BiFunction<Joiner, Set<ModelRef>, Task> pick) {
        Profile own = view.get(self);
        if (own == null) return new Stay(AssignReason.NOTHING_WANTED);
        Map<NodeId, Profile> imagined = new LinkedHashMap<>(view);
        Map<ModelRef, Outcome> outcomes = new TreeMap<>();
        var supplies = Supply.of(view);
        for (var entry : lost.entrySet()) supplies.putIfAbsent(entry.getKey(), Supply.of(entry.getValue()));
        for (NodeId id : joinersBefore(self, view)) {
            Profile profile = imagined.getOrDefault(id, own);
            if (!(pick.apply(new Joiner(id, profile, supplies, imagined, outcomes), lost.keySet())
                    instanceof Serve taken)) continue;
            supplies.computeIfPresent(taken.model(), (model, supply) -> supply.plusServer());
            imagined.put(id, serving(profile, taken.model()));
            outcomes.remove(taken.model());
        }
        var open = new TreeMap<>(supplies);
        open.keySet().removeAll(declined);
        return pick.apply(new Joiner(self, own, open, imagined, outcomes), lost.keySet());
    }

    private static List<NodeId> joinersBefore(NodeId self, Map<NodeId, Profile> view) {
        var before = new ArrayList<NodeId>();
        for (var entry : view.entrySet()) {
            Profile profile = entry.getValue();
            boolean isJoiner =
                    profile.role() == Role.STANDBY && profile.assigned().isEmpty();
            if (isJoiner && entry.getKey().compareTo(self) < 0) before.add(entry.getKey());
        }
        before.sort(Comparator.naturalOrder());
        return before.subList(Math.max(0, before.size() - JOINERS_PLAYED_MAX), before.size());
    }

    private static Profile serving(Profile profile, ModelRef model) {
        return profile.withAssigned(List.of(new Assigned(model, profile.usableBytes(), false, List.of())));
    }

    private Task joiningPick(Joiner joiner, Set<ModelRef> lost) {
        if (joiner.supplies.isEmpty()) return new Stay(AssignReason.NOTHING_WANTED);
        return unserved(joiner, Supply::isWanted, AssignReason.WANTED_ON_DISK, AssignReason.WANTED_TO_FETCH)
                .or(() -> completed(joiner))
                .or(() -> leastServed(joiner, joiner::hasOnDisk, AssignReason.LEAST_SERVED_ON_DISK))
                .or(() -> leastServed(joiner, joiner::canFetch, AssignReason.LEAST_SERVED_TO_FETCH))
                .orElse(new Stay(AssignReason.NOTHING_FITS));
    }

    private Task promotionPick(Joiner joiner, Set<ModelRef> lost) {
        var back = AssignReason.LOST_LAST_HOST;
        return unserved(joiner, supply -> lost.contains(supply.model()), back, back)
                .or(() -> unserved(joiner, Supply::isWanted, AssignReason.WANTED_ON_DISK, AssignReason.WANTED_TO_FETCH))
                .or(() -> completed(joiner))
                .or(() -> hottest(joiner))
                .orElse(new Stay(AssignReason.NOT_NEEDED));
    }

    private static Optional<Task> unserved(
            Joiner joiner, Predicate<Supply> which, AssignReason onDisk, AssignReason fetched) {
        Predicate<Supply> lacking = supply -> supply.servers() == 0 && which.test(supply);
        return joiner.first(lacking.and(joiner::hasOnDisk))
                .map(supply -> joiner.take(supply, onDisk))
                .or(() -> joiner.first(lacking.and(joiner::canFetch)).map(supply -> joiner.take(supply, fetched)));
    }

    /** Asks the election itself whether this node's memory would start a split that waits for memory now. */
    private Optional<Task> completed(Joiner joiner) {
        if (!joiner.profile.splits()) return Optional.empty();
        Predicate<Supply> completes = supply -> {
            boolean isShort = supply.servers() > 0
                    && joiner.outcome(supply.model(), election)
                            instanceof Outcome.Waiting(long need, long have, Reason reason)
                    && reason == Reason.MEMORY_SHORT;
            if (!isShort) return false;
            var imagined = new LinkedHashMap<>(joiner.view);
            imagined.put(joiner.id, serving(joiner.profile, supply.model()));
            Part part = election.decide(supply.model(), imagined).part(joiner.id);
            return !(part instanceof Part.Idle);
        };
        return joiner.first(completes).map(supply -> new Serve(supply.model(), AssignReason.COMPLETES_SPLIT, ""));
    }

    private static Optional<Task> leastServed(Joiner joiner, Predicate<Supply> possible, AssignReason reason) {
        return joiner.first(possible, Comparator.comparingInt(Supply::servers))
                .map(supply -> joiner.take(supply, reason));
    }

    private static Optional<Task> hottest(Joiner joiner) {
        Predicate<Supply> hot = supply -> supply.servers() > 0
                && supply.heat() >= HOT_MILLI_PER_MINUTE
                && supply.heat() >= HOT_OVER_COLDEST * coldestBeside(supply, joiner.supplies);
        return joiner.first(
                        hot.and(supply -> joiner.hasOnDisk(supply) || joiner.canFetch(supply)),
                        Comparator.comparingLong(Supply::heat).reversed())
                .map(supply -> joiner.take(supply, AssignReason.HOT));
    }

    private static long coldestBeside(Supply hot, SortedMap<ModelRef, Supply> supplies) {
        return supplies.values().stream()
                .filter(s -> s.servers() > 0 && !s.model().equals(hot.model()))
                .mapToLong(Supply::heat)
                .min()
                .orElse(0);
    }

    /**
     * A node that picks, with the mesh as it will be when its turn comes.
     *
     * @param outcomes elections held in that mesh so far: costly, and only those who put memory to a model change its own
     */
    private record Joiner(
            NodeId id,
            Profile profile,
            SortedMap<ModelRef, Supply> supplies,
            Map<NodeId, Profile> view,
            Map<ModelRef, Outcome> outcomes) {
        Outcome outcome(ModelRef model, Election election) {
            return outcomes.computeIfAbsent(model, _ -> election.decide(model, view));
        }

        boolean hasOnDisk(Supply supply) {
            return profile.onDisk().stream()
                    .filter(file -> file.model().equals(supply.model()))
                    .map(Need::of)
                    .anyMatch(need -> need.isKnown() && fits(need.bytes()));
        }

        boolean canFetch(Supply supply) {
            boolean isHere = profile.onDisk().stream().map(OnDisk::model).anyMatch(m -> m.equals(supply.model()));
            boolean isKnown = supply.needBytes() > 0 && !supply.source().isEmpty();
            return isKnown && !isHere && fits(supply.needBytes()) && supply.needBytes() <= profile.fetchBytes();
        }

        private boolean fits(long needBytes) {
            return needBytes <= profile.usableBytes()
                    && !profile.engine().version().isEmpty();
        }

        Optional<Supply> first(Predicate<Supply> which) {
            return first(which, Comparator.comparingInt(same -> 0));
        }

        /** Among equals the more asked for; then an order of this node's own, for joiners that have not met yet. */
        Optional<Supply> first(Predicate<Supply> which, Comparator<Supply> order) {
            return supplies.values().stream()
                    .filter(which)
                    .min(order.thenComparing(Comparator.comparingLong(Supply::milliPerMinute)
                                    .reversed())
                            .thenComparingLong(
                                    supply -> Spread.of(id, supply.model().name()))
                            .thenComparing(Supply::model));
        }

        Task take(Supply supply, AssignReason reason) {
            return new Serve(supply.model(), reason, hasOnDisk(supply) ? "" : supply.source());
        }
    }
}
