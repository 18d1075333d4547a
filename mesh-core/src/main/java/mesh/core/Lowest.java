package mesh.core;

/**
 * The lowest of what was measured lately. A round trip is never shorter than the path, while a busy machine makes it
 * longer by any amount, so that decisions about paths go by this. Owned by whoever measures.
 */
final class Lowest {
    private static final int NONE = Integer.MAX_VALUE;

    private long sinceMillis;
    private int current = NONE;
    private int previous = NONE;

    /** Forgets a value after one to two windows. */
    int after(int measured, long windowMillis, long nowMillis) {
        if (nowMillis - sinceMillis >= windowMillis) {
            previous = nowMillis - sinceMillis >= 2 * windowMillis ? NONE : current;
            current = NONE;
            sinceMillis = nowMillis;
        }
        current = Math.min(current, measured);
        return Math.min(current, previous);
    }
}
