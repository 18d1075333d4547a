package mesh.core.route;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import mesh.core.id.ModelRef;
import mesh.core.id.Near;
import mesh.core.id.NodeId;
import mesh.core.id.Spread;
import mesh.core.member.Profile.Skill;
import mesh.core.route.Choice.AllBusy;
import mesh.core.route.Choice.Chosen;
import mesh.core.route.Choice.NoSuchModel;
import mesh.core.route.Choice.NoneFits;
import mesh.core.route.Choice.NotReady;
import mesh.core.route.Choice.Rejected;
import mesh.core.route.Standing.Admission;

/**
 * Picks a host by the time a caller would wait there: round trip, measured speed, work in its slots and queue, less what
 * a warm prefix saves. A pure function of an immutable table and the edge's reading, in integers, for any thread.
 */
public final class RoutePolicy {
    /** An ordinary answer; only its ratio to the other constants matters. */
    private static final long ANSWER_TOKENS = 256;

    /** A host that has not measured itself yet is taken for a middling one, so that it gets its first requests. */
    private static final long MILLI_TOKENS_PER_SECOND_UNKNOWN = 20_000;

    private static final long RTT_MILLIS_UNKNOWN = 50;

    /** Skipping the prefill of an agent's prompt saves about half an answer's time, on fast and slow engines alike. */
    private static final long WARM_DIVISOR = 2;

    /** Deeper queues only hide that the mesh is too small; the caller had better hear it. */
    private static final int OUTSTANDING_PER_SLOT_MAX = 8;

    private static final long RETRY_MILLIS_MIN = 500;
    private static final long RETRY_MILLIS_MAX = 30_000;

    /** A model loads for seconds to minutes: often enough to feel prompt, too rare to matter. */
    private static final long LOADING_RETRY_MILLIS = 2_000;

    private RoutePolicy() {}

    /** {@code warm}: the host that has this prompt's beginning in its cache, if this edge sent it there. */
    public static Choice choose(RouteTable table, Ask ask, Function<Host, Standing> standings, Optional<Warm> warm) {
        if (ask.model().equals(Ask.AUTO)) return auto(table, ask, standings, warm);
        Optional<ModelRef> model =
                ModelRef.isName(ask.model()) ? Optional.of(new ModelRef(ask.model())) : Optional.empty();
        if (model.isPresent() && !table.hosts(model.get()).isEmpty())
            return among(table, table.hosts(model.get()), ask, standings, warm);
        Optional<RouteReason> absence = model.flatMap(table::absence);
        if (absence.isPresent()) return new NotReady(absence.get(), LOADING_RETRY_MILLIS, List.of());
        return new NoSuchModel(ask.model(), Near.names(ask.model(), table.names()));
    }

    /** Where a prompt was sent last. */
    public record Warm(NodeId node, ModelRef model) {}

    /**
     * The model that holds the conversation already, else the largest that has a free slot, else the largest: size
     * stands for ability. Embedding and reranking models answer nobody who did not name them or ask for the skill.
     */
    private static Choice auto(RouteTable table, Ask ask, Function<Host, Standing> standings, Optional<Warm> warm) {
        record Option(Chosen chosen, boolean isWarm, boolean isFree, long sizeBytes) {}
        var skilled = ask.skills().isEmpty() ? List.of(Skill.CHAT) : ask.skills();
        var wanting = new Ask(
                ask.model(), skilled, ask.prefixHash(), ask.promptTokens(), ask.target(), ask.exclude(), ask.tried());
        var options = new ArrayList<Option>();
        var rejected = new ArrayList<Rejected>();
        for (var entry : table.all().entrySet()) {
            switch (among(table, entry.getValue(), wanting, standings, warm)) {
                case Chosen chosen -> {
                    Host host = chosen.host();
                    boolean isWarm = warm.isPresent() && warm.get().model().equals(host.model());
                    boolean isFree = load(host, standings.apply(host)) < slots(host);
                    options.add(new Option(chosen, isWarm, isFree, host.served().sizeBytes()));
                    rejected.addAll(chosen.rejected());
                }
                case NotReady(var reason, var retryMillis, var others) -> rejected.addAll(others);
                case AllBusy(var retryMillis, var others) -> rejected.addAll(others);
                case NoneFits(var reason, var others) -> rejected.addAll(others);
                case NoSuchModel(var asked, var near) -> {}
            }
        }
        options.sort(Comparator.comparing(Option::isWarm)
                .thenComparing(Option::isFree)
                .thenComparingLong(Option::sizeBytes)
                .reversed()
                .thenComparing(option -> option.chosen().model()));
        if (options.isEmpty()) return none(table, rejected, standings);
        Chosen best = options.getFirst().chosen();
        for (Option other : options.subList(1, options.size())) {
            Host host = other.chosen().host();
            rejected.add(new Rejected(
                    host.node(),
                    host.model(),
                    RouteReason.OTHER_MODEL,
                    other.chosen().costMicros()));
        }
        return new Chosen(best.host(), best.reason(), best.costMicros(), rejected);
    }

    private static Choice among(
            RouteTable table, List<Host> hosts, Ask ask, Function<Host, Standing> standings, Optional<Warm> warm) {
        record Candidate(Host host, Standing standing, long costMicros) {}
        var candidates = new ArrayList<Candidate>();
        var rejected = new ArrayList<Rejected>();
        for (Host host : hosts) {
            Standing standing = standings.apply(host);
            Optional<RouteReason> fault = fault(host, ask, standing);
            if (fault.isPresent()) rejected.add(new Rejected(host.node(), host.model(), fault.get(), 0));
            else candidates.add(new Candidate(host, standing, costMicros(host, standing, isWarm(host, warm))));
        }
        if (candidates.isEmpty()) return none(table, rejected, standings);
        // A host that served its time is tried by one request, or it would never be tried while others do well.
        candidates.sort(Comparator.<Candidate, Boolean>comparing(c -> c.host().isSuspect())
                .thenComparing(c -> c.standing().admission() != Admission.PROBE)
                .thenComparingLong(Candidate::costMicros)
                // Or every edge of a mesh would start with the same of two equal hosts.
                .thenComparingLong(c -> Spread.of(table.self(), c.host().node().hex())));
        Candidate best = candidates.getFirst();
        for (Candidate loser : candidates.subList(1, candidates.size())) {
            RouteReason reason =
                    loser.host().isSuspect() && !best.host().isSuspect() ? RouteReason.SUSPECT : RouteReason.SLOWER;
            rejected.add(new Rejected(loser.host().node(), loser.host().model(), reason, loser.costMicros()));
        }
        RouteReason reason = reason(ask, best.standing(), isWarm(best.host(), warm), candidates.size());
        return new Chosen(best.host(), reason, best.costMicros(), rejected);
    }

    private static RouteReason reason(Ask ask, Standing standing, boolean isWarm, int candidates) {
        if (ask.target().isPresent()) return RouteReason.TARGET;
        if (!ask.tried().isEmpty()) return RouteReason.RETRY;
        if (standing.admission() == Admission.PROBE) return RouteReason.PROBE;
        if (candidates == 1) return RouteReason.ONLY_HOST;
        return isWarm ? RouteReason.WARM_PREFIX : RouteReason.BEST_SCORE;
    }

    private static boolean isWarm(Host host, Optional<Warm> warm) {
        return warm.isPresent()
                && warm.get().node().equals(host.node())
                && warm.get().model().equals(host.model());
    }

    /** Why {@code host} cannot take this request now; what the client asked for comes before what the host lacks. */
    private static Optional<RouteReason> fault(Host host, Ask ask, Standing standing) {
        var served = host.served();
        if (ask.target().isPresent() && !ask.target().get().equals(host.node()))
            return Optional.of(RouteReason.NOT_TARGET);
        if (ask.exclude().contains(host.node())) return Optional.of(RouteReason.EXCLUDED);
        // A host that has not said what it can do is believed to do what it is asked.
        if (!served.skills().isEmpty() && !served.skills().containsAll(ask.skills()))
            return Optional.of(RouteReason.LACKS_SKILL);
        if (served.ctxTokens() > 0 && ask.promptTokens() > served.ctxTokens())
            return Optional.of(RouteReason.CONTEXT_TOO_SMALL);
        switch (served.phase()) {
            case LOADING -> {
                return Optional.of(RouteReason.LOADING);
            }
            case DRAINING -> {
                return Optional.of(RouteReason.DRAINING);
            }
            case FAILED -> {
                return Optional.of(RouteReason.ENGINE_FAILED);
            }
            case READY -> {}
        }
        if (ask.tried().contains(host.node())) return Optional.of(RouteReason.TRIED);
        if (standing.admission() == Admission.PARKED || standing.admission() == Admission.PROBING)
            return Optional.of(RouteReason.PARKED);
        boolean isFull = load(host, standing) >= OUTSTANDING_PER_SLOT_MAX * slots(host);
        return isFull ? Optional.of(RouteReason.FULL) : Optional.empty();
    }

    /** The host's own count includes ours as of its last word; ours is newer. Their sum would count requests twice. */
    private static long load(Host host, Standing standing) {
        return Math.max(host.served().outstanding(), standing.outstanding());
    }

    private static long slots(Host host) {
        return Math.max(1, host.served().slots());
    }

    /** Expected wait. Requests in other slots slow an answer down to half speed; beyond the slots it queues. */
    static long costMicros(Host host, Standing standing, boolean isWarm) {
        long load = load(host, standing);
        long slots = slots(host);
        long answer = answerMicros(host);
        long shared = answer * Math.min(load, slots) / slots;
        long queued = load < slots ? 0 : answer * (load - slots + 1) / slots;
        long rtt = host.isLocal() ? 0 : host.rttMillis() < 0 ? RTT_MILLIS_UNKNOWN : host.rttMillis();
        return rtt * 1_000 + answer + shared + queued - (isWarm ? answer / WARM_DIVISOR : 0);
    }

    private static long answerMicros(Host host) {
        long speed = host.served().milliTokensPerSecond();
        return ANSWER_TOKENS * 1_000_000_000L / (speed == 0 ? MILLI_TOKENS_PER_SECOND_UNKNOWN : speed);
    }

    /** The best hope among the rejected decides what the caller hears: queue, wait, or ask otherwise. */
    private static Choice none(RouteTable table, List<Rejected> rejected, Function<Host, Standing> standings) {
        long freeMillis = Long.MAX_VALUE;
        long parkedMillis = Long.MAX_VALUE;
        for (Rejected one : rejected) {
            for (Host host : table.hosts(one.model())) {
                if (!host.node().equals(one.node())) continue;
                if (one.reason() == RouteReason.FULL)
                    freeMillis = Math.min(freeMillis, answerMicros(host) / 1_000 / slots(host));
                if (one.reason() == RouteReason.PARKED)
                    parkedMillis = Math.min(parkedMillis, standings.apply(host).retryMillis());
            }
        }
        if (freeMillis < Long.MAX_VALUE) return new AllBusy(retry(freeMillis), rejected);
        if (parkedMillis < Long.MAX_VALUE) return new NotReady(RouteReason.PARKED, retry(parkedMillis), rejected);
        for (var hope :
                List.of(RouteReason.LOADING, RouteReason.TRIED, RouteReason.DRAINING, RouteReason.ENGINE_FAILED))
            if (rejected.stream().anyMatch(r -> r.reason() == hope))
                return new NotReady(hope, LOADING_RETRY_MILLIS, rejected);
        for (var obstacle : List.of(
                RouteReason.CONTEXT_TOO_SMALL, RouteReason.LACKS_SKILL, RouteReason.EXCLUDED, RouteReason.NOT_TARGET))
            if (rejected.stream().anyMatch(r -> r.reason() == obstacle)) return new NoneFits(obstacle, rejected);
        return new NotReady(RouteReason.NOT_LOADED, LOADING_RETRY_MILLIS, rejected);
    }

    private static long retry(long millis) {
        return Math.clamp(millis, RETRY_MILLIS_MIN, RETRY_MILLIS_MAX);
    }
}
