package mesh.core;

/**
 * Turns the caller's clock into the time this node was awake: a laptop's sleep, a frozen process or a clock set forward
 * counts as one late tick, a clock set back as nothing. Every deadline of the core is in awake time, so that a gap in
 * our own life never looks like one in everybody else's. One owner.
 */
final class AwakeClock {
    /** Five ticks late is a busy machine, not a sleeping one. */
    private static final int TICKS_MAX = 5;

    private final long gapMillisMax;
    private long lastMillis;
    private long awakeMillis;
    private boolean slept;

    AwakeClock(long tickMillis, long nowMillis) {
        this.gapMillisMax = TICKS_MAX * tickMillis;
        this.lastMillis = nowMillis;
    }

    long advance(long nowMillis) {
        long gap = nowMillis - lastMillis;
        lastMillis = nowMillis;
        slept = gap > gapMillisMax;
        awakeMillis += Math.clamp(gap, 0, gapMillisMax);
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
