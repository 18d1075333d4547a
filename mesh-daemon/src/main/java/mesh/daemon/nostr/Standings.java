package mesh.daemon.nostr;

import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Which relays are worth publishing to: one that refuses us for good, or says yes and keeps nothing, is left alone for
 * hours; but never so many that fewer than two remain. Written by the publisher's thread; the lock is for those who
 * only look. Now is a parameter.
 */
public final class Standings {
    /** A relay that wants payment or knows no strangers will not change its mind within minutes. */
    private static final long REFUSED_MILLIS = 6 * 3_600_000L;

    /** A relay that lies is asked again after an hour, then two, and so on up to six. */
    private static final long LIED_MILLIS = 3_600_000L;

    private static final int LIES = 5;

    /** Between two tries at a relay that says we are too fast; doubled each time. */
    private static final long SLOWER_MILLIS = 120_000;

    private static final long SLOWER_MILLIS_MAX = 300_000;

    /** One relay that dies must not take the mesh off the list. */
    private static final int FLOOR = 2;

    private final Map<URI, Standing> standings = new LinkedHashMap<>();

    private static final class Standing {
        private long quarantinedUntilMillis;
        private long slowedUntilMillis;
        private long slowerMillis = SLOWER_MILLIS;
        private int liesInRow;
        private int quarantines;
        private boolean isConfirmed;
        private String word = "unknown";
    }

    public Standings(Collection<URI> relays) {
        for (URI relay : relays) standings.put(relay, new Standing());
    }

    /** Where the next event goes. */
    public synchronized List<URI> publishTo(long nowMillis) {
        var chosen = new ArrayList<URI>();
        var resting = new ArrayList<URI>();
        standings.forEach((relay, standing) -> {
            if (standing.quarantinedUntilMillis > nowMillis) resting.add(relay);
            else if (standing.slowedUntilMillis <= nowMillis) chosen.add(relay);
        });
        resting.sort(Comparator.comparingLong(relay -> of(relay).quarantinedUntilMillis));
        for (URI relay : resting) {
            if (chosen.size() >= FLOOR) break;
            chosen.add(relay);
        }
        return chosen;
    }

    /** What a relay said to an event. */
    public synchronized void published(URI relay, Published answer, long nowMillis) {
        Standing standing = of(relay);
        switch (answer) {
            case Published.Accepted(String message) -> {
                standing.word = "accepted";
                standing.slowerMillis = SLOWER_MILLIS;
            }
            case Published.Unheard(String reason) -> {
                standing.word = reason;
                standing.isConfirmed = false;
            }
            case Published.Rejected rejected -> {
                standing.word = rejected.prefix();
                standing.isConfirmed = false;
                switch (rejected.prefix()) {
                    case "blocked", "restricted", "payment", "auth-required", "mute", "pow" ->
                        standing.quarantinedUntilMillis = nowMillis + REFUSED_MILLIS;
                    case "rate-limited" -> {
                        standing.slowedUntilMillis = nowMillis + standing.slowerMillis;
                        standing.slowerMillis = Math.min(2 * standing.slowerMillis, SLOWER_MILLIS_MAX);
                    }
                    default -> {}
                }
            }
        }
    }

    /** Whether the event was found again at a relay that has to have it. */
    public synchronized void readBack(URI relay, boolean isThere, long nowMillis) {
        Standing standing = of(relay);
        standing.isConfirmed = isThere;
        if (isThere) {
            standing.liesInRow = 0;
            standing.quarantines = 0;
            standing.quarantinedUntilMillis = 0;
            standing.word = "stored";
            return;
        }
        standing.word = "not_stored";
        if (++standing.liesInRow < LIES) return;
        standing.liesInRow = 0;
        standing.quarantinedUntilMillis =
                nowMillis + Math.min(LIED_MILLIS << Math.min(standing.quarantines++, 8), REFUSED_MILLIS);
    }

    /** Relays at which the last event was found again. */
    public synchronized long confirmed() {
        return standings.values().stream()
                .filter(standing -> standing.isConfirmed)
                .count();
    }

    public synchronized boolean isQuarantined(URI relay, long nowMillis) {
        return of(relay).quarantinedUntilMillis > nowMillis;
    }

    /**
     * One relay, for people.
     *
     * @param said its last word to an event
     * @param restsUntilMillis until when it is left alone, or asked only because too few others remain; 0 = it is not
     */
    public record Shown(URI relay, String said, long restsUntilMillis) {}

    public synchronized List<Shown> shown(long nowMillis) {
        var shown = new ArrayList<Shown>();
        standings.forEach((relay, standing) -> {
            long until = Math.max(standing.quarantinedUntilMillis, standing.slowedUntilMillis);
            shown.add(new Shown(relay, standing.word, until > nowMillis ? until : 0));
        });
        return shown;
    }

    private Standing of(URI relay) {
        return Objects.requireNonNull(standings.get(relay), "a relay of this list");
    }
}
