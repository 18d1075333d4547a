package mesh.daemon.listing;

import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import mesh.core.listing.Rejected;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.EventSink;
import mesh.daemon.nostr.RelayUrl;

/**
 * What one look at all relays brought: every event judged once, the newest of each publisher and mesh kept, and how many
 * were turned down why. Relays feed it on their own threads; the lock guards the tables and is not held while a
 * signature is checked, so a relay that floods does not hold the others up.
 */
final class Round {
    /** A flood beyond this many well-formed strangers is not looked at, a second's work at most. */
    static final int VERIFIED_MAX = 512;

    private final ListingVerifier verifier;
    private final long nowSeconds;
    private final ReentrantLock tables = new ReentrantLock();
    private final Map<String, Found> newest = new HashMap<>();
    private final Map<String, Event> delisted = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private final EnumMap<Rejected, Integer> rejected = new EnumMap<>(Rejected.class);
    private int verified;

    Round(ListingVerifier verifier, long nowSeconds) {
        this.verifier = verifier;
        this.nowSeconds = nowSeconds;
    }

    EventSink from(URI relay) {
        boolean isLocal = RelayUrl.isLocal(relay);
        return event -> take(event, isLocal);
    }

    /** False when the relay should have known better. */
    private boolean take(Event event, boolean isLocal) {
        Optional<Rejected> glanced = verifier.glance(event, nowSeconds);
        if (glanced.isEmpty()) glanced = claimed(event, isLocal);
        if (glanced.isPresent()) {
            count(glanced.get());
            return true;
        }
        if (isKnown(event)) return true;
        return switch (verifier.check(event, isLocal, nowSeconds)) {
            case ListingVerifier.Verdict.Good(Found found) -> {
                keep(found);
                yield true;
            }
            case ListingVerifier.Verdict.Bad(Rejected reason) -> {
                count(reason);
                if (reason == Rejected.DELISTED) delist(event);
                yield reason != Rejected.WRONG_ID && reason != Rejected.BAD_SIGNATURE;
            }
        };
    }

    /** Takes one from the budget, unless the event is known or outdated already. */
    private Optional<Rejected> claimed(Event event, boolean isLocal) {
        tables.lock();
        try {
            // Only genuine events are ever remembered, so a forged copy that comes first hides nothing.
            if (seen.contains(event.id())) {
                Found held = newest.get(event.address());
                if (isLocal && held != null && held.event().id().equals(event.id()))
                    newest.put(event.address(), held.seenLocally());
                return Optional.empty();
            }
            Found held = newest.get(event.address());
            if (held != null && !event.replaces(held.event())) return Optional.of(Rejected.SUPERSEDED);
            if (verified >= VERIFIED_MAX && !verifier.isTrusted(event)) return Optional.of(Rejected.OVER_BUDGET);
            verified++;
            return Optional.empty();
        } finally {
            tables.unlock();
        }
    }

    private boolean isKnown(Event event) {
        tables.lock();
        try {
            return seen.contains(event.id());
        } finally {
            tables.unlock();
        }
    }

    private void keep(Found found) {
        Event event = found.event();
        tables.lock();
        try {
            seen.add(event.id());
            Event gone = delisted.get(event.address());
            Found held = newest.get(event.address());
            if (gone != null && gone.replaces(event)) return;
            if (held == null || event.replaces(held.event())) newest.put(event.address(), found);
        } finally {
            tables.unlock();
        }
    }

    private void delist(Event event) {
        tables.lock();
        try {
            delisted.merge(event.address(), event, (a, b) -> b.replaces(a) ? b : a);
            Found held = newest.get(event.address());
            if (held != null && event.replaces(held.event())) newest.remove(event.address());
        } finally {
            tables.unlock();
        }
    }

    private void count(Rejected reason) {
        tables.lock();
        try {
            rejected.merge(reason, 1, Integer::sum);
        } finally {
            tables.unlock();
        }
    }

    List<Found> found() {
        tables.lock();
        try {
            return new ArrayList<>(newest.values());
        } finally {
            tables.unlock();
        }
    }

    Map<Rejected, Integer> rejected() {
        tables.lock();
        try {
            return new EnumMap<>(rejected);
        } finally {
            tables.unlock();
        }
    }

    int verified() {
        return verified;
    }
}
