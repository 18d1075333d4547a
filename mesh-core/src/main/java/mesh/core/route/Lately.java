package mesh.core.route;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Which models answered a moment ago, so that a request for one whose hosts have just died waits for the next host, while
 * one for a model that never ran, or was stopped by somebody, is told so at once. Told by the loop of every new table,
 * asked on any thread; the lock guards the map for about a microsecond.
 */
public final class Lately {
    /** A machine that restarts is back by then; what stays away longer is not coming because of one more request. */
    static final long MEMORY_MILLIS = 60_000;

    /** Far above the models of any mesh; the oldest goes first. */
    static final int MODELS_MAX = 4_096;

    private final Map<ModelRef, Entry> entries = new LinkedHashMap<>();
    private Map<ModelRef, List<Host>> before = new LinkedHashMap<>();
    private Map<NodeId, Long> livesBefore = new LinkedHashMap<>();

    /** When it was last ready anywhere, and the most slots it had since. */
    private record Entry(long readyAtMillis, int slots) {}

    /**
     * The mesh as it is now.
     *
     * @param lives everybody who lives, this node too, with a number that is another one after a restart
     * @param isMeant whether somebody puts memory to a model, so that it comes back though nobody died
     */
    public synchronized void seen(
            RouteTable table, Map<NodeId, Long> lives, Predicate<ModelRef> isMeant, long nowMillis) {
        before.forEach((model, hosts) -> {
            if (readySlots(hosts) > 0) remember(model, readySlots(hosts), nowMillis);
            boolean isStopped = table.hosts(model).isEmpty() && !isMeant.test(model);
            if (isStopped && hosts.stream().allMatch(host -> livesOn(host.node(), lives))) entries.remove(model);
        });
        table.all().forEach((model, hosts) -> {
            if (readySlots(hosts) > 0) remember(model, readySlots(hosts), nowMillis);
        });
        entries.values().removeIf(entry -> nowMillis - entry.readyAtMillis > MEMORY_MILLIS);
        before = table.all();
        livesBefore = new LinkedHashMap<>(lives);
    }

    /** How many slots the model had when it answered a moment ago; empty: it did not. */
    public synchronized OptionalInt slots(String asked, long nowMillis) {
        int slots = 0;
        if (asked.equals(Ask.AUTO))
            for (Entry entry : entries.values()) slots = Math.max(slots, slots(entry, nowMillis));
        else if (ModelRef.isName(asked)) slots = slots(entries.get(new ModelRef(asked)), nowMillis);
        return slots == 0 ? OptionalInt.empty() : OptionalInt.of(slots);
    }

    private static int slots(@Nullable Entry entry, long nowMillis) {
        return entry == null || nowMillis - entry.readyAtMillis > MEMORY_MILLIS ? 0 : entry.slots;
    }

    private void remember(ModelRef model, int slots, long nowMillis) {
        Entry known = entries.remove(model);
        entries.put(model, new Entry(nowMillis, known == null ? slots : Math.max(slots, known.slots)));
        if (entries.size() > MODELS_MAX)
            entries.remove(entries.keySet().iterator().next());
    }

    private static int readySlots(List<Host> hosts) {
        int slots = 0;
        for (Host host : hosts)
            if (host.served().phase() == Phase.READY)
                slots += Math.max(1, host.served().slots());
        return slots;
    }

    /** Whether it is the same process still: one that started again may take up its models again. */
    private boolean livesOn(NodeId node, Map<NodeId, Long> lives) {
        Long life = lives.get(node);
        return life != null && life.equals(livesBefore.get(node));
    }
}
