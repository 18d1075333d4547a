package mesh.daemon.feed;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** How fast bytes come in, as people want to read it: over some seconds, from looks a few times a second. One owner. */
final class Speeds {
    /** Between two readings: shorter ones show the buffers between a disk and a line, not the line. */
    private static final long READING_MILLIS = 1_000;

    /** A new reading counts for a third. */
    private static final long SMOOTHING = 3;

    private final Map<String, Reading> readings = new HashMap<>();

    private record Reading(String phase, long bytes, long atMillis, long bytesPerSecond) {}

    /** 0 until it is known, and for what stands still. */
    long of(String what, String phase, long bytes, long nowMillis) {
        Reading last = readings.get(what);
        if (last == null || !last.phase().equals(phase) || bytes < last.bytes() || nowMillis < last.atMillis()) {
            readings.put(what, new Reading(phase, bytes, nowMillis, 0));
            return 0;
        }
        long millis = nowMillis - last.atMillis();
        if (millis < READING_MILLIS) return last.bytesPerSecond();
        long now = (bytes - last.bytes()) * 1_000 / millis;
        long known = last.bytesPerSecond();
        long smooth = known == 0 ? now : known + (now - known) / SMOOTHING;
        readings.put(what, new Reading(phase, bytes, nowMillis, smooth));
        return smooth;
    }

    /** Forgets all others. */
    void retain(Collection<String> running) {
        readings.keySet().retainAll(running);
    }
}
