package mesh.core.route;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import mesh.core.route.RoutePolicy.Warm;

/**
 * Which host has seen the beginning of a prompt lately, so that the rest of the conversation finds its cache. Bounded:
 * the least recently used goes first. Owned by {@link Routes}.
 */
final class Affinity {
    /** An engine's cache outlives a coffee break, seldom a meeting. */
    static final long TTL_MILLIS = 20 * 60_000L;

    static final int PREFIXES_MAX = 4_096;

    private final Map<Key, Entry> entries = new LinkedHashMap<>();

    Optional<Warm> find(Ask ask, long nowMillis) {
        if (ask.prefixHash() == 0) return Optional.empty();
        Entry entry = entries.get(Key.of(ask));
        if (entry == null || nowMillis - entry.usedAtMillis > TTL_MILLIS) return Optional.empty();
        return Optional.of(new Warm(entry.target.node(), entry.target.model()));
    }

    void used(Ask ask, Target target, long nowMillis) {
        if (ask.prefixHash() == 0) return;
        // Taken out first, so that the order of insertion is the order of use.
        entries.remove(Key.of(ask));
        entries.put(Key.of(ask), new Entry(target, nowMillis));
        if (entries.size() > PREFIXES_MAX)
            entries.remove(entries.keySet().iterator().next());
    }

    /** A host that failed the prompt may have lost its cache with its process. */
    void lost(Ask ask, Target target) {
        Entry entry = entries.get(Key.of(ask));
        if (entry != null && entry.target.equals(target)) entries.remove(Key.of(ask));
    }

    int size() {
        return entries.size();
    }

    /** By the name that was asked for, so that a conversation with {@code auto} keeps its model. */
    private record Key(String asked, long prefixHash) {
        static Key of(Ask ask) {
            return new Key(ask.model(), ask.prefixHash());
        }
    }

    private record Entry(Target target, long usedAtMillis) {}
}
