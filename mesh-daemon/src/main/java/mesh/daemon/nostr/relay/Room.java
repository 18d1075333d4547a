package mesh.daemon.nostr.relay;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;

/** What all visitors of a relay share: the events, who listens, and how much each address may write. Owned by the loop. */
final class Room {
    /** A node refreshes once a minute; a burst is a node that starts with several keys. */
    private static final int BURST = 30;

    private static final double PER_SECOND = 1;
    private static final int BUCKETS_MAX = 4_096;

    private final EmbeddedRelay.Rules rules;
    private final EventStore store = new EventStore();
    private final Set<Visitor> visitors = new LinkedHashSet<>();
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > BUCKETS_MAX;
        }
    };

    private record Bucket(double tokens, long atNanos) {}

    Room(EmbeddedRelay.Rules rules) {
        this.rules = rules;
    }

    void entered(Visitor visitor) {
        visitors.add(visitor);
    }

    void left(Visitor visitor) {
        visitors.remove(visitor);
    }

    int connections() {
        return visitors.size();
    }

    EventStore.Kept publish(Event event, String address) {
        if (event.kind() != Event.DELETION && !rules.kinds().contains(event.kind()))
            return EventStore.Kept.refused("blocked: this relay does not take kind " + event.kind());
        if (!rules.authors().isEmpty() && !rules.authors().contains(event.author()))
            return EventStore.Kept.refused("restricted: this relay does not know you");
        if (!mayWrite(address, System.nanoTime())) return EventStore.Kept.refused("rate-limited: slow down");
        if (!event.isGenuine()) return EventStore.Kept.refused("invalid: id or signature is wrong");
        EventStore.Kept kept = store.put(event, seconds());
        if (kept.isNew()) for (Visitor visitor : List.copyOf(visitors)) visitor.news(event);
        return kept;
    }

    List<Event> find(List<Filter> filters) {
        return store.find(filters, seconds());
    }

    private boolean mayWrite(String address, long nowNanos) {
        Bucket held = buckets.getOrDefault(address, new Bucket(BURST, nowNanos));
        double tokens = Math.min(BURST, held.tokens + (nowNanos - held.atNanos) / 1e9 * PER_SECOND);
        buckets.put(address, new Bucket(Math.max(0, tokens - 1), nowNanos));
        return tokens >= 1;
    }

    private static long seconds() {
        return System.currentTimeMillis() / 1_000;
    }
}
