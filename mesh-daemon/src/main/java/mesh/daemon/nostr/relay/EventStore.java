package mesh.daemon.nostr.relay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import org.jspecify.annotations.Nullable;

/**
 * The events of one relay, in memory: the newest of each address, none that expired, none that its author took back.
 * When it is full the one that ends soonest goes. Owned by one thread; now is a parameter.
 */
final class EventStore {
    /** Two thousand meshes with their neighbours' listings, in some 20 MB. */
    private static final int EVENTS_MAX = 5_000;

    /** Deletions remembered, so that a copy somebody kept does not come back. */
    private static final int GRAVES_MAX = 10_000;

    private static final int LIMIT_MAX = 500;

    private static final Comparator<Event> NEWEST_FIRST =
            Comparator.comparingLong(Event::createdAt).reversed().thenComparing(Event::id);

    private final Map<String, Event> byAddress = new LinkedHashMap<>();
    private final TreeSet<Event> newestFirst = new TreeSet<>(NEWEST_FIRST);
    private final Map<String, Long> graves = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > GRAVES_MAX;
        }
    };

    /** What became of an event; {@code message} is what the relay says. */
    record Kept(boolean isAccepted, boolean isNew, String message) {
        static Kept refused(String message) {
            return new Kept(false, false, message);
        }
    }

    /** Takes a genuine event in. */
    Kept put(Event event, long nowSeconds) {
        if (event.isExpired(nowSeconds)) return Kept.refused("invalid: the event has expired");
        if (event.kind() == Event.DELETION) return delete(event);
        if (isBuried(event.id(), event.createdAt(), event.author())
                || isBuried(event.address(), event.createdAt(), event.author()))
            return Kept.refused("deleted: its author took it back");
        Event held = byAddress.get(event.address());
        if (held != null && held.id().equals(event.id())) return new Kept(true, false, "duplicate: already here");
        if (held != null && !event.replaces(held)) return Kept.refused("replaced: a newer one is here");
        if (held != null) remove(held);
        byAddress.put(event.address(), event);
        newestFirst.add(event);
        if (byAddress.size() > EVENTS_MAX) evict(nowSeconds);
        return new Kept(true, true, "");
    }

    /** Stored events that any of the filters asks for, newest first. */
    List<Event> find(List<Filter> filters, long nowSeconds) {
        var found = new TreeSet<>(NEWEST_FIRST);
        for (Filter filter : filters) {
            int left = filter.limit() == 0 ? LIMIT_MAX : Math.min(filter.limit(), LIMIT_MAX);
            for (Event event : newestFirst) {
                if (left == 0) break;
                if (event.isExpired(nowSeconds) || !filter.matches(event)) continue;
                found.add(event);
                left--;
            }
        }
        return new ArrayList<>(found);
    }

    int size() {
        return byAddress.size();
    }

    /** Only what its author wrote, and of an address only what is not newer than the request. */
    private Kept delete(Event request) {
        for (String id : request.values("e")) {
            graves.put(grave(id, request.author()), Long.MAX_VALUE);
            newestFirst.stream()
                    .filter(event -> event.id().equals(id) && event.author().equals(request.author()))
                    .findFirst()
                    .ifPresent(this::remove);
        }
        for (String address : request.values("a")) {
            graves.merge(grave(address, request.author()), request.createdAt(), Math::max);
            Event held = byAddress.get(address);
            if (held != null && held.author().equals(request.author()) && held.createdAt() <= request.createdAt())
                remove(held);
        }
        return new Kept(true, true, "");
    }

    private boolean isBuried(String name, long createdAt, String author) {
        @Nullable Long until = graves.get(grave(name, author));
        return until != null && createdAt <= until;
    }

    private static String grave(String name, String author) {
        return author + " " + name;
    }

    private void remove(Event event) {
        byAddress.remove(event.address(), event);
        newestFirst.remove(event);
    }

    private void evict(long nowSeconds) {
        Event first = newestFirst.last();
        for (Event event : newestFirst) {
            if (event.isExpired(nowSeconds)) {
                first = event;
                break;
            }
            if (event.expiration().orElse(Long.MAX_VALUE) < first.expiration().orElse(Long.MAX_VALUE)) first = event;
        }
        remove(first);
    }
}
