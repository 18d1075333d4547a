package mesh.daemon.tunnel;

import java.nio.ByteBuffer;

/**
 * Finds where data is one word of eight bytes over and over, as masks are. Dense data is looked at in two words of each 32
 * bytes, and after its beginning not at all. Owned by the loop of the connection.
 */
final class Runs {
    /** A note of a run takes 15 bytes, and parts what stands around it into two records. */
    static final int BYTES_MIN = 64;

    /** A run has two equal words at one of every so many bytes, wherever it begins. */
    private static final int PROBE_BYTES = BYTES_MIN / 2;

    /** Two thousand columns of a mask, where there was a run in each that was seen; activations and weights have none. */
    private static final int BARREN_BYTES_MAX = 4 << 10;

    private static final int WORD = Long.BYTES;

    private int barrenBytes;
    private boolean hasFound;
    private int from;
    private int to;

    /** Other data begins. */
    void begin() {
        hasFound = false;
        barrenBytes = 0;
    }

    /** Looks for the first run in the next of its bytes, those from {@code at} to {@code end}; the caller goes on behind it. */
    boolean next(ByteBuffer data, int at, int end) {
        int last = hasFound ? end : Math.min(end, at + BARREN_BYTES_MAX - barrenBytes);
        for (int probe = at; probe < last && probe + 2 * WORD <= end; probe += PROBE_BYTES) {
            if (data.getLong(probe) != data.getLong(probe + WORD)) continue;
            from = probe;
            while (from > at && data.get(from - 1) == data.get(from - 1 + WORD)) from--;
            to = probe + WORD + equal(data, probe, end);
            if (to - from < BYTES_MIN) continue;
            hasFound = true;
            return true;
        }
        if (!hasFound) barrenBytes += last - at;
        return false;
    }

    /** How many bytes from here on are equal to those one word later: the data is held against itself. */
    private static int equal(ByteBuffer data, int at, int end) {
        int count = end - at - WORD;
        int mismatch = data.slice(at, count).mismatch(data.slice(at + WORD, count));
        return mismatch < 0 ? count : mismatch;
    }

    /** Where the run begins that was found. */
    int from() {
        return from;
    }

    /** Behind its last byte. */
    int to() {
        return to;
    }
}
