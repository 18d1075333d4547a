package mesh.daemon.quic;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import mesh.core.id.Refusal;

/** Counters of what was refused, by reason. Counted on the endpoint's loop, read from any thread. */
public final class Faults {
    private final Map<Fault, LongAdder> faults = new EnumMap<>(Fault.class);
    private final Map<Refusal, LongAdder> refusals = new EnumMap<>(Refusal.class);

    Faults() {
        for (Fault fault : Fault.values()) faults.put(fault, new LongAdder());
        for (Refusal refusal : Refusal.values()) refusals.put(refusal, new LongAdder());
    }

    void count(Fault fault) {
        of(faults, fault).increment();
    }

    void count(Refusal refusal) {
        count(Fault.ADMISSION_REFUSED);
        of(refusals, refusal).increment();
    }

    public long of(Fault fault) {
        return of(faults, fault).sum();
    }

    public long of(Refusal refusal) {
        return of(refusals, refusal).sum();
    }

    /** Every reason that occurred, by its code. */
    public Map<String, Long> snapshot() {
        var seen = new TreeMap<String, Long>();
        faults.forEach((fault, count) -> seen.put(fault.code(), count.sum()));
        refusals.forEach((refusal, count) -> seen.put("refused_" + refusal.code(), count.sum()));
        seen.values().removeIf(count -> count == 0);
        return seen;
    }

    private static <K extends Enum<K>> LongAdder of(Map<K, LongAdder> counters, K key) {
        return java.util.Objects.requireNonNull(counters.get(key), "every constant has a counter");
    }
}
