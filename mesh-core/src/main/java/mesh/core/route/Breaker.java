package mesh.core.route;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import mesh.core.route.Standing.Admission;

/**
 * Keeps requests away from hosts that fail them: three failures within a minute park a host for 15 s, then one request
 * probes it. Only what the host did wrong counts; the caller's own errors are never told to it. Owned by {@link Routes}.
 */
final class Breaker {
    static final int FAILURES = 3;
    static final long WINDOW_MILLIS = 60_000;

    /** Long enough for an engine to restart, short enough that a person's retry finds it back. */
    static final long PARK_MILLIS = 15_000;

    /** A probe that was never heard of again does not bar the host for ever. */
    static final long PROBE_MILLIS_MAX = 60_000;

    /** Far above the hosts of any mesh; the oldest record goes first. */
    static final int TARGETS_MAX = 4_096;

    private static final long NEVER = Long.MIN_VALUE;

    private final Map<Target, History> histories = new LinkedHashMap<>();

    Admission admission(Target target, long nowMillis) {
        History history = histories.get(target);
        if (history == null || history.parkedUntilMillis == NEVER) return Admission.ADMITTED;
        if (nowMillis < history.parkedUntilMillis) return Admission.PARKED;
        boolean isProbing = history.probedAtMillis != NEVER && nowMillis - history.probedAtMillis < PROBE_MILLIS_MAX;
        return isProbing ? Admission.PROBING : Admission.PROBE;
    }

    /** Until the next admission: the rest of its time, or a moment while a probe is out. */
    long retryMillis(Target target, long nowMillis) {
        History history = histories.get(target);
        return history == null || history.parkedUntilMillis == NEVER
                ? 0
                : Math.max(0, history.parkedUntilMillis - nowMillis);
    }

    void begun(Target target, long nowMillis) {
        History history = histories.get(target);
        if (history != null && admission(target, nowMillis) == Admission.PROBE) history.probedAtMillis = nowMillis;
    }

    void failed(Target target, long nowMillis) {
        History history = histories.computeIfAbsent(target, unknown -> new History());
        boolean wasParked = history.parkedUntilMillis != NEVER;
        history.failedAtMillis[history.next] = nowMillis;
        history.next = (history.next + 1) % FAILURES;
        long oldest = history.failedAtMillis[history.next];
        boolean isTooMany = oldest != NEVER && nowMillis - oldest <= WINDOW_MILLIS;
        if (wasParked || isTooMany) {
            history.parkedUntilMillis = nowMillis + PARK_MILLIS;
            history.probedAtMillis = NEVER;
        }
        if (histories.size() > TARGETS_MAX)
            histories.remove(histories.keySet().iterator().next());
    }

    /** An answer proves that the host is back; it does not excuse failures of a host that was never parked. */
    void answered(Target target) {
        History history = histories.get(target);
        if (history != null && history.parkedUntilMillis != NEVER) histories.remove(target);
    }

    void keep(Predicate<Target> isWorthIt) {
        histories.keySet().removeIf(isWorthIt.negate());
    }

    /** The probe ended without telling anything: the next request may probe. */
    void neutral(Target target) {
        History history = histories.get(target);
        if (history != null) history.probedAtMillis = NEVER;
    }

    /** What is held against one host. */
    private static final class History {
        final long[] failedAtMillis = new long[FAILURES];
        int next;
        long parkedUntilMillis = NEVER;
        long probedAtMillis = NEVER;

        History() {
            Arrays.fill(failedAtMillis, NEVER);
        }
    }
}
