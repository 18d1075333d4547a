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
    private final SplitLimits limits;
    private final List<Member> group;

    Planner(SplitLimits limits, List<Member> group) {
        this.limits = limits;
        this.group = group;
    }

    /** Why {@code worker} cannot lend to {@code host}. */
    Optional<Reason> workerFault(Member host, Member worker) {
        return workerFault(host, worker, limits.rttMillisMax());
    }

    private Optional<Reason> workerFault(Member host, Member worker, int rttMillisMax) {
        var fault = worker.splitFault();
        if (fault.isPresent()) return fault;
        var engine = worker.profile().engine();
        var hostEngine = host.profile().engine();
        if (engine.rpcMajor() != hostEngine.rpcMajor()) return Optional.of(Reason.RPC_MAJOR_DIFFERS);
        // llama.cpp's client aborts on a server whose minor is newer than its own.
        if (engine.rpcMinor() > hostEngine.rpcMinor()) return Optional.of(Reason.RPC_NEWER_THAN_HOST);
        if (host.rttMillisTo(worker) > rttMillisMax) return Optional.of(Reason.TOO_FAR);
        return worker.budgetBytes() < host.need().unitBytes() ? Optional.of(Reason.TOO_SMALL) : Optional.empty();
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

    /** The best way to split with {@code host} in charge, or empty when it cannot gather enough. */
    Optional<Plan> plan(Member host) {
        List<Member> nearest = lenders(host);
        int asked = host.assigned().tensorSplit().size() - 1;
        if (asked >= 1 && nearest.size() >= asked) {
            var workers = nearest.subList(0, asked);
            if (host.need().units() > asked
                    && unitsHeld(host, workers) >= host.need().units())
                return Optional.of(priced(host, workers, ratioShares(host), true));
        }
        var biggest = new ArrayList<>(nearest);
        biggest.sort(Member.BY_MEMORY);
        var one = nearest.stream()
                .filter(w -> suffices(host, List.of(w)))
                .findFirst()
                .map(List::of);
        Optional<Plan> best = one.map(workers -> byMemory(host, workers));
        for (var order : List.of(nearest, biggest)) {
            var workers = justEnough(host, order);
            if (workers.isEmpty() || workers.size() > workersMax(host)) continue;
            // Workers are named nearest first, however they were found.
            workers.sort(Comparator.comparingInt(nearest::indexOf));
            Plan plan = byMemory(host, workers);
            if (best.isEmpty() || !best.get().isBetterThan(plan)) best = Optional.of(plan);
        }
        return best;
    }

    /** The split {@code host} runs already, if it could go on: a worker that went or shrank ends it, jitter does not. */
    Optional<Plan> kept(Member host) {
        Served running = host.served().orElseThrow();
        var workers = new ArrayList<Member>();
        for (NodeId id : running.workers()) {
            var worker = group.stream().filter(m -> m.id().equals(id)).findFirst();
            if (worker.isEmpty() || id.equals(host.id()) || workers.contains(worker.get())) return Optional.empty();
            if (workerFault(host, worker.get(), limits.keptRttMillisMax()).isPresent()) return Optional.empty();
            workers.add(worker.get());
        }
        List<Integer> shares = running.shares();
        int units = host.need().units();
        boolean wellCut = shares.size() == workers.size() + 1
                && shares.stream().allMatch(share -> share >= 1)
                && shares.stream().mapToInt(Integer::intValue).sum() == units;
        if (!wellCut) return Optional.empty();
        // The operator's ratios outrank what runs, as soon as there are enough workers for them.
        int asked = host.assigned().tensorSplit().size();
        boolean obeys = asked == shares.size();
        if (asked > 1 && !obeys && lenders(host).size() >= asked - 1) return Optional.empty();
        if (obeys && !shares.equals(ratioShares(host))) return Optional.empty();
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
        long inLayers = unitsHeld(host, lenders(host)) * host.need().unitBytes();
        long whole = reachableBytes(host);
        return whole < host.need().bytes() ? whole : inLayers;
    }

    Reason shortReason(Member host) {
        boolean holds = unitsHeld(host, lenders(host)) >= host.need().units();
        return holds ? Reason.TOO_MANY_WORKERS : Reason.MEMORY_SHORT;
    }

    private boolean suffices(Member host, List<Member> workers) {
        return host.need().units() > workers.size()
                && unitsHeld(host, workers) >= host.need().units();
    }

    private static int workersMax(Member host) {
        return Math.min(Served.WORKERS_MAX, host.need().units() - 1);
    }

    /**
     * The first of {@code order} that suffice, less those that turn out unneeded, farthest in the order first. Empty
     * when all of them are too few. Leaving an unneeded lender out of {@code order} does not change the answer.
     */
    private List<Member> justEnough(Member host, List<Member> order) {
        var taken = new ArrayList<Member>();
        long held = unitsHeld(host, taken);
        int units = host.need().units();
        for (Member worker : order) {
            if (held >= units && !taken.isEmpty()) break;
            taken.add(worker);
            held += unitsHeld(host, worker);
        }
        if (held < units) return new ArrayList<>();
        for (int i = taken.size() - 1; i >= 0 && taken.size() > 1; i--) {
            long without = held - unitsHeld(host, taken.get(i));
            if (without < units) continue;
            taken.remove(i);
            held = without;
        }
        return taken;
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
            int rtt = host.rttMillisTo(worker);
            assumed |= rtt == Member.RTT_UNKNOWN;
            hops.add(1_000L * (rtt == Member.RTT_UNKNOWN ? limits.rttMillisMax() : rtt));
        }
        return new Prediction(compute, hops, assumed);
    }

    private static long shareMicros(Member host, int share, long bytesPerSecond) {
        long bytes = host.need().activeBytes() / host.need().units() * share;
        return Prediction.readMicros(bytes, bytesPerSecond);
    }
}
