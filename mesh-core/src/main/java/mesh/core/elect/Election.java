package mesh.core.elect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mesh.core.elect.Explanation.Considered;
import mesh.core.elect.Explanation.Verdict;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;

/**
 * Decides who hosts a model, from what the members announce and nothing else: equal views, equal outcomes, on every
 * node. What runs already is part of the view and is preferred, so that jitter restarts nothing. Stateless and pure;
 * {@link #explain} is the same decision with its reasons, not a second opinion.
 */
public final class Election {
    /** Hosts tried for a split, most memory first: a bound on work when a thousand nodes together are too few. */
    private static final int HOSTS_TRIED_MAX = 16;

    private final SplitLimits limits;

    public Election(SplitLimits limits) {
        this.limits = limits;
    }

    /** {@code view} holds every live member and this node itself. */
    public Outcome decide(ModelRef model, Map<NodeId, Profile> view) {
        return rule(Member.group(model, view)).outcome;
    }

    /**
     * The partners whose round trips {@code self} should measure and announce, most memory first: all of its group
     * while no member can serve alone or somebody forces a split, nobody otherwise.
     */
    public List<NodeId> partners(NodeId self, ModelRef model, Map<NodeId, Profile> view) {
        var group = Member.group(model, view);
        boolean mine = group.stream().anyMatch(m -> m.id().equals(self));
        boolean solo = group.stream().anyMatch(m -> m.soloFault().isEmpty());
        boolean forced = group.stream().anyMatch(Member::forcesSplit);
        if (!mine || (solo && !forced)) return List.of();
        return group.stream()
                .filter(m -> !m.id().equals(self) && m.splitFault().isEmpty())
                .limit(Profile.LINKS_MAX)
                .map(Member::id)
                .toList();
    }

    private Ruling rule(List<Member> group) {
        var forcedBy = group.stream()
                .filter(Member::forcesSplit)
                .map(Member::id)
                .sorted()
                .toList();
        var soloists = group.stream().filter(m -> m.soloFault().isEmpty()).toList();
        boolean forced = !forcedBy.isEmpty();
        if (forced || soloists.isEmpty()) return split(group, soloists, forcedBy);
        return bridge(group, soloists)
                .map(plan -> Ruling.of(plan, soloists, Reason.FITS_NOWHERE, forcedBy, true))
                .orElseGet(() -> Ruling.of(solo(soloists), Reason.FITS, forcedBy, soloists.getFirst()));
    }

    /** A running split goes on, as it is, until a newcomer that can serve alone is ready to take over. */
    private Optional<Plan> bridge(List<Member> group, List<Member> soloists) {
        if (soloists.stream().anyMatch(Member::isReadyAlone)) return Optional.empty();
        return running(group).filter(plan -> !plan.outcome(soloists).alone().isEmpty());
    }

    private static Outcome.Solo solo(List<Member> soloists) {
        return new Outcome.Solo(soloists.stream().map(Member::id).sorted().toList());
    }

    private Ruling split(List<Member> group, List<Member> soloists, List<NodeId> forcedBy) {
        boolean forced = !forcedBy.isEmpty();
        var hosts = hosts(group);
        var planner = new Planner(limits, group);
        Optional<Plan> running = running(group);
        Optional<Plan> chosen = running.map(plan -> keptOrCutAnew(plan, planner, forced));
        Optional<Plan> refused = Optional.empty();
        for (Member host : hosts) {
            if (chosen.isPresent()) break;
            Optional<Plan> plan = planner.plan(host, forced);
            if (forced || plan.isEmpty() || planner.isAcceptable(plan.get())) chosen = plan;
            else if (refused.isEmpty()) refused = plan;
        }
        if (chosen.isPresent()) {
            Reason why = forced ? Reason.FORCED : Reason.FITS_NOWHERE;
            return Ruling.of(chosen.get(), soloists, why, forcedBy, chosen.equals(running));
        }
        if (!soloists.isEmpty()) return Ruling.of(solo(soloists), Reason.NO_PARTNER, forcedBy, soloists.getFirst());
        if (refused.isPresent()) {
            var outcome = new Outcome.Refused(Reason.SPLIT_TOO_SLOW);
            return new Ruling(
                    outcome,
                    Reason.SPLIT_TOO_SLOW,
                    forcedBy,
                    refused.get().host().need(),
                    refused,
                    false);
        }
        return nothing(group, hosts, planner, forcedBy);
    }

    /** Weighed against the same host's best now: another host, bigger by jitter, is no reason to start anew. */
    private static Plan keptOrCutAnew(Plan running, Planner planner, boolean forced) {
        return planner.plan(running.host(), forced)
                .filter(fresh -> forced || planner.isAcceptable(fresh))
                .filter(running::isWorthReplacing)
                .orElse(running);
    }

    private static List<Member> hosts(List<Member> group) {
        return group.stream()
                .filter(m -> m.hostFault().isEmpty() && m.splitFault().isEmpty())
                .limit(HOSTS_TRIED_MAX)
                .toList();
    }

    private Optional<Plan> running(List<Member> group) {
        var planner = new Planner(limits, group);
        return group.stream()
                .filter(m -> m.runsSplit()
                        && m.hostFault().isEmpty()
                        && m.splitFault().isEmpty())
                .map(planner::kept)
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Ruling nothing(List<Member> group, List<Member> hosts, Planner planner, List<NodeId> forcedBy) {
        if (group.isEmpty())
            return Ruling.of(new Outcome.Refused(Reason.NOBODY_ASSIGNED), Reason.NOBODY_ASSIGNED, forcedBy);
        long have = 0;
        Member best = null;
        for (Member host : hosts) {
            long reach = planner.shortBytes(host);
            if (best != null && reach <= have) continue;
            best = host;
            have = reach;
        }
        Reason why = best == null ? Reason.MEMORY_SHORT : planner.shortReason(best);
        if (best == null) {
            best = group.stream().filter(m -> m.need().isKnown()).findFirst().orElse(group.getFirst());
            have = best.budgetBytes();
            why = best.hostFault().orElse(why);
        }
        return Ruling.of(new Outcome.Waiting(best.need().bytes(), have, why), why, forcedBy, best);
    }

    /** The decision with everything that led to it. */
    public Explanation explain(ModelRef model, Map<NodeId, Profile> view) {
        var group = Member.group(model, view);
        Ruling ruling = rule(group);
        var planner = new Planner(limits, group);
        Optional<Member> host = ruling.plan
                .map(Plan::host)
                .or(() -> hosts(group).stream().findFirst())
                .or(() -> group.stream().findFirst());
        var rows = new ArrayList<Considered>();
        var others = new TreeMap<>(view);
        for (Member member : group) {
            rows.add(row(ruling, planner, host.orElseThrow(), member));
            others.remove(member.id());
        }
        rows.sort(Comparator.comparing(Considered::node));
        for (var other : others.entrySet()) rows.add(bystander(other.getKey(), other.getValue()));
        long have = host.map(planner::reachableBytes).orElse(0L);
        if (ruling.outcome instanceof Outcome.Waiting waiting) have = waiting.haveBytes();
        return new Explanation(
                model,
                ruling.outcome,
                ruling.reason,
                ruling.need,
                ruling.forcedBy,
                have,
                limits,
                ruling.plan.map(Plan::prediction),
                ruling.keeps,
                ruling.plan.map(Plan::obeysRatios).orElse(false),
                rows);
    }

    private static Considered bystander(NodeId id, Profile profile) {
        Reason reason = profile.role() == Profile.Role.CLIENT ? Reason.CLIENT : Reason.NOT_ASSIGNED;
        return new Considered(
                id,
                profile.name(),
                Verdict.PASSED_OVER,
                reason,
                profile.usableBytes(),
                0,
                0,
                0,
                Member.RTT_UNKNOWN,
                profile.bandwidthBytesPerSecond(),
                0);
    }

    private Considered row(Ruling ruling, Planner planner, Member host, Member member) {
        Verdict verdict = switch (ruling.outcome.part(member.id())) {
            case Part.Alone() -> Verdict.SOLO;
            case Part.Host(var workers, var shares) -> Verdict.HOST;
            case Part.Lend(var to) -> Verdict.WORKER;
            case Part.Idle(var reason) -> Verdict.PASSED_OVER;
        };
        Reason reason = switch (verdict) {
            case SOLO -> Reason.FITS;
            case HOST, WORKER -> ruling.reason;
            case PASSED_OVER -> passedOver(ruling, planner, host, member);
        };
        int share = ruling.plan.map(plan -> shareOf(plan, member)).orElse(0);
        long speed = member.profile().bandwidthBytesPerSecond();
        long alone = speed == 0 ? 0 : Prediction.readMicros(member.need().activeBytes(), speed);
        return new Considered(
                member.id(),
                member.profile().name(),
                verdict,
                reason,
                member.budgetBytes(),
                member.need().bytes(),
                share,
                share * ruling.need.unitBytes(),
                host.rttMillisTo(member),
                speed,
                alone == 0 ? 0 : 1_000_000_000L / alone);
    }

    private static Reason passedOver(Ruling ruling, Planner planner, Member host, Member member) {
        if (ruling.outcome instanceof Outcome.Solo) return member.soloFault().orElse(Reason.NOT_NEEDED);
        if (member.id().equals(host.id()))
            return host.hostFault().or(host::splitFault).orElse(ruling.reason);
        var fault = planner.workerFault(host, member);
        Reason enough = ruling.outcome instanceof Outcome.Split ? Reason.NOT_NEEDED : ruling.reason;
        return fault.orElse(enough);
    }

    private static int shareOf(Plan plan, Member member) {
        if (plan.host().id().equals(member.id())) return plan.shares().getFirst();
        for (int i = 0; i < plan.workers().size(); i++)
            if (plan.workers().get(i).id().equals(member.id()))
                return plan.shares().get(i + 1);
        return 0;
    }

    /** An outcome and the plan it came from. */
    private record Ruling(
            Outcome outcome, Reason reason, List<NodeId> forcedBy, Need need, Optional<Plan> plan, boolean keeps) {
        static Ruling of(Plan plan, List<Member> soloists, Reason reason, List<NodeId> forcedBy, boolean keeps) {
            var outcome = plan.outcome(soloists);
            return new Ruling(outcome, reason, forcedBy, plan.host().need(), Optional.of(plan), keeps);
        }

        static Ruling of(Outcome outcome, Reason reason, List<NodeId> forcedBy) {
            return new Ruling(outcome, reason, forcedBy, Need.NONE, Optional.empty(), false);
        }

        static Ruling of(Outcome outcome, Reason reason, List<NodeId> forcedBy, Member told) {
            return new Ruling(outcome, reason, forcedBy, told.need(), Optional.empty(), false);
        }
    }
}
