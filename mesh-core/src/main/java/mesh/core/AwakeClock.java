package mesh.core;

/**
 * Turns the caller's clock into the time this node was awake. A step that comes late, because the laptop slept, the
 * process was starved or a clock was set forward, counts as one tick; a clock set back as nothing. Every deadline of
 * the core is in awake time, so that a gap in our own life never looks like one in everybody else's. One owner.
 */
final class AwakeClock {
    /** A tick that waited behind one step is in time; behind more, we heard nobody meanwhile. */
    private static final int LATE_TICKS = 2;

    /** Five ticks late is a busy machine, more is a sleeping one. */
    private static final int SLEPT_TICKS = 5;

    private final long tickMillis;
    private long lastMillis;
    private long awakeMillis;
    private boolean slept;

    AwakeClock(long tickMillis, long nowMillis) {
        this.tickMillis = tickMillis;
        this.lastMillis = nowMillis;
    }

    long advance(long nowMillis) {
        long gap = nowMillis - lastMillis;
        lastMillis = nowMillis;
        slept = gap > SLEPT_TICKS * tickMillis;
        awakeMillis += gap > LATE_TICKS * tickMillis ? tickMillis : Math.max(gap, 0);
        return awakeMillis;
    }

    long awakeMillis() {
        return awakeMillis;
    }

    /** Whether the last step came after a gap that no busy machine explains. */
    boolean slept() {
        return slept;
    }
}
