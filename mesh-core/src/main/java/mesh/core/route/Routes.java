package mesh.core.route;

import java.util.LinkedHashMap;
import java.util.Map;
import mesh.core.Check;
import mesh.core.member.Profile.Phase;
import mesh.core.route.Choice.Chosen;

/**
 * What one node's edge remembers between requests: work in flight, failing hosts, warm prefixes. Owned by the edge, not
 * by the loop: routing reads the snapshot's {@link RouteTable} and never queues behind gossip. Every method may be
 * called from any event loop; the lock guards the three maps for about a microsecond, where an owner thread would cost
 * each request a hop.
 */
public final class Routes {
    private final Map<Target, Integer> outstanding = new LinkedHashMap<>();
    private final Breaker breaker = new Breaker();
    private final Affinity affinity = new Affinity();

    /** How a request ended, in the host's favour or not. */
    public enum Ending {
        DONE,
        /** The host refused, broke off or did not answer. */
        HOST_FAILED,
        /** The caller's error, or the caller went away: says nothing about the host. */
        NEUTRAL
    }

    /** Chooses, and counts the request as in flight when a host was found: each {@link Chosen} needs one {@link #ended}. */
    public synchronized Choice choose(RouteTable table, Ask ask, long nowMillis) {
        Choice choice = RoutePolicy.choose(
                table, ask, host -> standing(Target.of(host), nowMillis), affinity.find(ask, nowMillis));
        if (choice instanceof Chosen chosen) {
            Target target = Target.of(chosen.host());
            outstanding.merge(target, 1, Integer::sum);
            breaker.begun(target, nowMillis);
            affinity.used(ask, target, nowMillis);
        }
        return choice;
    }

    /** The same choice as {@link #choose}, changing nothing: for {@code explain} and the console. */
    public synchronized Choice preview(RouteTable table, Ask ask, long nowMillis) {
        return RoutePolicy.choose(
                table, ask, host -> standing(Target.of(host), nowMillis), affinity.find(ask, nowMillis));
    }

    private Standing standing(Target target, long nowMillis) {
        return new Standing(
                outstanding.getOrDefault(target, 0),
                breaker.admission(target, nowMillis),
                breaker.retryMillis(target, nowMillis));
    }

    /** The table changed: a host that stopped serving a model comes back as a new one, and starts without a history. */
    public synchronized void seen(RouteTable table) {
        breaker.keep(target -> table.hosts(target.model()).stream()
                .anyMatch(host ->
                        host.node().equals(target.node()) && host.served().phase() == Phase.READY));
    }

    /** The first byte of a good answer came: enough to readmit a probed host, long before a long answer ends. */
    public synchronized void answered(Chosen chosen) {
        breaker.answered(Target.of(chosen.host()));
    }

    public synchronized void ended(Chosen chosen, Ask ask, Ending ending, long nowMillis) {
        Target target = Target.of(chosen.host());
        int inFlight = outstanding.getOrDefault(target, 0);
        Check.that(inFlight > 0, "a request ends once", target);
        if (inFlight == 1) outstanding.remove(target);
        else outstanding.put(target, inFlight - 1);
        switch (ending) {
            case DONE -> breaker.answered(target);
            case NEUTRAL -> breaker.neutral(target);
            case HOST_FAILED -> {
                breaker.failed(target, nowMillis);
                affinity.lost(ask, target);
            }
        }
    }
}
