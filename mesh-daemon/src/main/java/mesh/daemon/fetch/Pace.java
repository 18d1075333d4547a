package mesh.daemon.fetch;

import java.util.concurrent.TimeUnit;

/**
 * A limit of bytes per second that several threads share: each says what it moved and is held back for as long as that
 * was too early. The lock guards the moment from which the line is free again.
 */
public final class Pace {
    /** Nothing is held back below this, so that a pause is never shorter than a thread can be woken. */
    private static final long SLACK_NANOS = 10_000_000;

    private final double nanosPerByte;
    private long freeAtNanos = System.nanoTime();

    private Pace(double nanosPerByte) {
        this.nanosPerByte = nanosPerByte;
    }

    /** {@code bytesPerSecond} 0: no limit. */
    public static Pace of(long bytesPerSecond) {
        return new Pace(bytesPerSecond == 0 ? 0 : 1e9 / bytesPerSecond);
    }

    public void moved(long bytes) throws InterruptedException {
        if (nanosPerByte == 0) return;
        long aheadNanos;
        synchronized (this) {
            long now = System.nanoTime();
            freeAtNanos = Math.max(freeAtNanos, now) + (long) (bytes * nanosPerByte);
            aheadNanos = freeAtNanos - now;
        }
        if (aheadNanos > SLACK_NANOS) TimeUnit.NANOSECONDS.sleep(aheadNanos);
    }
}
