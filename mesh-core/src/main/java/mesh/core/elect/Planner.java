package mesh.core.elect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Served;

/**
 * The split advisor for one election: given a host, which workers, with what shares, at what price. Stateless over its
 * members, so that the same view gives the same plan everywhere.
 */
final class Planner {
    /** Nearest first; sixteen at most are used, and the farthest of hundreds would hardly be among them. */
    private static final int LENDERS_MAX = 128;

    private final SplitLimits limits;
    private final List<Member> group;

    Planner(SplitLimits limits, List<Member> group) {
        this.limits = limits;
        this.group = group;
    }

    /** Why {@code worker} cannot lend to {@code host}. */
    Optional<Reason> workerFault(Member host, Member worker) {
        return workerFault(host, worker, limits.rttMillisMax(), worker.budgetBytes());
    }

    private static Optional<Reason> workerFault(Member host, Member worker, int rttMillisMax, long budgetBytes) {
        var fault = worker.splitFault();
        if (fault.isPresent()) return fault;
        var engine = worker.profile().engine();
        var hostEngine = host.profile().engine();
        if (engine.rpcMajor() != hostEngine.rpcMajor()) return Optional.of(Reason.RPC_MAJOR_DIFFERS);
        // llama.cpp's client aborts on a server whose minor is newer than its own.
        if (engine.rpcMinor() > hostEngine.rpcMinor()) return Optional.of(Reason.RPC_NEWER_THAN_HOST);
        if (host.rttMillisTo(worker) > rttMillisMax) return Optional.of(Reason.TOO_FAR);
        return budgetBytes < host.need().unitBytes() ? Optional.of(Reason.TOO_SMALL) : Optional.empty();
    }

    /** Those who can lend to {@code host}, nearest first, unknown round trips last, ties by id. */
    List<Member> lenders(Member host) {
        var lenders = new ArrayList<Member>();
        for (Member member : group)
            if (!member.id().equals(host.id()) && workerFault(host, member).isEmpty()) lenders.add(member);
        lenders.sort(Comparator.<Member>comparingInt(m -> host.rttMillisTo(m) == Member.RTT_UNKNOWN ? 1 : 0)
                .thenComparingInt(host::rttMillisTo)
                .thenComparing(Member::id));
        return lenders;
    }

    /**
     * The best way to split with {@code host} in charge, or empty when it cannot gather enough. Unless it is forced it
     * does without the slowest workers until it is worth having, and is as first found when it never is.
     */
    Optional<Plan> plan(Member host, boolean forced) {
        var lenders = lenders(host);
        Optional<Plan> first = plan(host, lenders);
        Optional<Plan> plan = first;
        while (plan.isPresent() && !forced && !isAcceptable(plan.get())) {
            lenders.remove(plan.get().slowest());
            plan = plan(host, lenders);
        }
        return plan.isPresent() ? plan : first;
    }

    boolean isAcceptable(Plan plan) {
        return plan.prediction().tokenMicros() <= limits.tokenMicrosMax();
    }

    /**
     * The operator's {@code --tensor-split} of n parts with n - 1 workers, once as many suffice; else one worker, or
     * several that are clearly nearer together.
     */
    private Optional<Plan> plan(Member host, List<Member> lenders) {
        var sets = cheapest(host, lenders);
        int asked = host.assigned().tensorSplit().size() - 1;
        if (asked >= 1 && asked < sets.size() && !sets.get(asked).isEmpty())
            return Optional.of(priced(host, sets.get(asked), ratioShares(host), true));
        Optional<Plan> best = Optional.empty();
        for (var workers : sets) {
            if (workers.isEmpty()) continue;
            Plan plan = byMemory(host, workers);
            if (best.isEmpty() || plan.isBetterThan(best.get())) best = Optional.of(plan);
        }
        return best;
    }

    private List<List<Member>> cheapest(Member host, List<Member> lenders) {
        long own = unitsHeld(host, host);
        int sizeMax = Math.min(Math.min(Served.WORKERS_MAX, host.need().units() - 1), lenders.size());
        if (own == 0 || sizeMax < 1) return List.of();
        int missing = (int) Math.max(0, host.need().units() - own);
        var offers = lenders.stream()
                .limit(LENDERS_MAX)
                .map(worker -> new Cheapest.Offer(worker, hopMicros(host, worker), unitsHeld(host, worker)))
                .toList();
        return Cheapest.ofEachSize(offers, missing, sizeMax);
    }

    /** An unknown round trip is taken as the farthest allowed: such a worker is a last resort, not an outcast. */
    private long hopMicros(Member host, Member worker) {
        int rtt = host.rttMillisTo(worker);
        return 1_000L * (rtt == Member.RTT_UNKNOWN ? limits.rttMillisMax() : rtt);
    }

    /** The split {@code host} runs already, if it could go on: a worker that went or shrank ends it, jitter does not. */
    Optional<Plan> kept(Member host) {
        Served running = host.served().orElseThrow();
        var workers = new ArrayList<Member>();
        for (NodeId id : running.workers()) {
            var worker = group.stream().filter(m -> m.id().equals(id)).findFirst();
            if (worker.isEmpty() || id.equals(host.id()) || workers.contains(worker.get())) return Optional.empty();
            long budget = Member.withSlack(worker.get().budgetBytes());
            if (workerFault(host, worker.get(), limits.keptRttMillisMax(), budget)
                    .isPresent()) return Optional.empty();
            workers.add(worker.get());
        }
        List<Integer> shares = running.shares();
        int units = host.need().units();
        boolean wellCut = shares.size() == workers.size() + 1
                && shares.stream().allMatch(share -> share >= 1)
                && shares.stream().mapToInt(Integer::intValue).sum() == units;
        if (!wellCut) return Optional.empty();
        boolean obeys = host.assigned().tensorSplit().size() == shares.size() && shares.equals(ratioShares(host));
        for (int i = 0; i < shares.size() && !obeys; i++) {
            long budget = (i == 0 ? host : workers.get(i - 1)).budgetBytes();
            if (shares.get(i) * host.need().unitBytes() > Member.withSlack(budget)) return Optional.empty();
        }
        return Optional.of(priced(host, workers, shares, obeys));
    }

    /** What {@code host} and all its lenders have together. */
    long reachableBytes(Member host) {
        long whole = host.budgetBytes();
        for (Member lender : lenders(host)) whole += lender.budgetBytes();
        return whole;
    }

    /** The same, where it did not suffice: enough bytes may hold too few whole layers, and then those are the number. */
    long shortBytes(Member host) {
        if (unitsHeld(host, host) == 0) return host.budgetBytes();
        long inLayers = unitsHeld(host, lenders(host)) * host.need().unitBytes();
        long whole = reachableBytes(host);
        return whole < host.need().bytes() ? whole : inLayers;
    }

    Reason shortReason(Member host) {
        if (unitsHeld(host, host) == 0) return Reason.TOO_SMALL;
        boolean holds = unitsHeld(host, lenders(host)) >= host.need().units();
        return holds ? Reason.TOO_MANY_WORKERS : Reason.MEMORY_SHORT;
    }

    private static long unitsHeld(Member host, List<Member> workers) {
        long held = unitsHeld(host, host);
        for (Member worker : workers) held += unitsHeld(host, worker);
        return held;
    }

    private static long unitsHeld(Member host, Member member) {
        return member.budgetBytes() / host.need().unitBytes();
    }

    private Plan byMemory(Member host, List<Member> workers) {
        var weights = new ArrayList<Long>();
        var caps = new ArrayList<Long>();
        weights.add(host.budgetBytes());
        caps.add(unitsHeld(host, host));
        for (Member worker : workers) {
            weights.add(worker.budgetBytes());
            caps.add(unitsHeld(host, worker));
        }
        return priced(host, workers, Shares.cut(host.need().units(), weights, caps), false);
    }

    private static List<Integer> ratioShares(Member host) {
        var weights = host.assigned().tensorSplit().stream()
                .map(ratio -> Math.max(1L, ratio))
                .toList();
        int units = host.need().units();
        return Shares.cut(
                units, weights, weights.stream().map(ratio -> (long) units).toList());
    }

    private Plan priced(Member host, List<Member> workers, List<Integer> shares, boolean obeysRatios) {
        return new Plan(host, workers, shares, predict(host, workers, shares), obeysRatios);
    }

    /** A member of unknown speed is taken to be as slow as the slowest known; if none is, compute counts as nothing. */
    private Prediction predict(Member host, List<Member> workers, List<Integer> shares) {
        var members = new ArrayList<Member>(List.of(host));
        members.addAll(workers);
        long slowest = members.stream()
                .mapToLong(m -> m.profile().bandwidthBytesPerSecond())
                .filter(speed -> speed > 0)
                .min()
                .orElse(0);
        boolean assumed = false;
        long compute = 0;
        for (int i = 0; i < members.size(); i++) {
            long speed = members.get(i).profile().bandwidthBytesPerSecond();
            assumed |= speed == 0;
            if (slowest > 0) compute += shareMicros(host, shares.get(i), speed == 0 ? slowest : speed);
        }
        var hops = new ArrayList<Long>();
        for (Member worker : workers) {
            assumed |= host.rttMillisTo(worker) == Member.RTT_UNKNOWN;
            hops.add(hopMicros(host, worker));
        }
        return new Prediction(compute, hops, assumed);
    }

    private static long shareMicros(Member host, int share, long bytesPerSecond) {
        long bytes = host.need().activeBytes() / host.need().units() * share;
        return Prediction.readMicros(bytes, bytesPerSecond);
    }
}
