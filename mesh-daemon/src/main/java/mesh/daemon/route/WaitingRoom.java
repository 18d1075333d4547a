package mesh.daemon.route;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import mesh.core.route.Ask;
import mesh.daemon.edge.Course.Seat;

/**
 * The requests of this node that wait until there is a host for them, by the model they named, in the order they came.
 * Bounded like the queue of the hosts they wait for. Methods may be called from any thread; the lock guards the lists for
 * about a microsecond.
 */
final class WaitingRoom {
    /** As deep as a host's own queue. */
    static final int PER_SLOT_MAX = 8;

    private final Map<String, SequencedSet<Guest>> guests = new LinkedHashMap<>();

    /** One request. */
    private final class Guest implements Seat {
        private final String model;
        private final Runnable wake;

        Guest(String model, Runnable wake) {
            this.model = model;
            this.wake = wake;
        }

        @Override
        public void leave() {
            left(this);
        }
    }

    /** Empty when as many wait as {@code slots} allow. {@code wake} must not block. */
    synchronized Optional<Seat> enter(String model, int slots, Runnable wake) {
        var others = guests.computeIfAbsent(model, first -> new LinkedHashSet<>());
        if (others.size() >= slots * PER_SLOT_MAX) return Optional.empty();
        var guest = new Guest(model, wake);
        others.add(guest);
        return Optional.of(guest);
    }

    private synchronized void left(Guest guest) {
        var others = guests.get(guest.model);
        if (others == null || !others.remove(guest)) return;
        if (others.isEmpty()) guests.remove(guest.model);
    }

    synchronized int size() {
        int size = 0;
        for (SequencedSet<Guest> each : guests.values()) size += each.size();
        return size;
    }

    /** The mesh changed: everybody looks again. */
    void wakeAll() {
        for (Guest each : everybody()) each.wake.run();
    }

    /** A host of {@code model} has room for one more. */
    void wakeOne(String model) {
        first(model).ifPresent(guest -> guest.wake.run());
    }

    private synchronized List<Guest> everybody() {
        var all = new ArrayList<Guest>();
        guests.values().forEach(all::addAll);
        return all;
    }

    private synchronized Optional<Guest> first(String model) {
        var named = guests.get(model);
        var whoever = named == null ? guests.get(Ask.AUTO) : named;
        return whoever == null ? Optional.empty() : Optional.of(whoever.getFirst());
    }
}
