package mesh.daemon.process;

import mesh.core.Check;

/**
 * Whether and when a child that ended unasked is started again. Pure: the caller counts the failures in a row and passes
 * the time in.
 *
 * @param startsMax starts that may fail in a row, the first included
 * @param delayFirstMillis pause before the second start; doubled for each one after
 * @param delayMaxMillis what the doubling ends at
 * @param steadyMillis a child that was ready this long ends the row
 */
public record RestartPolicy(int startsMax, long delayFirstMillis, long delayMaxMillis, long steadyMillis) {
    /** About a minute and a half of trying: longer than a driver reset or a full page cache, shorter than patience. */
    public static final RestartPolicy DEFAULT = new RestartPolicy(7, 500, 30_000, 60_000);

    /** For a child whose end somebody else must think about first, such as the host of a split. */
    public static final RestartPolicy NEVER = new RestartPolicy(1, 0, 0, 0);

    /** A port is taken by chance; several chances in a row mean something else. */
    private static final int PORTS_MAX = 5;

    public RestartPolicy {
        Check.that(startsMax >= 1, "a child is started at least once", startsMax);
        Check.that(
                delayFirstMillis <= delayMaxMillis,
                "the first pause is the shortest",
                delayFirstMillis,
                delayMaxMillis);
    }

    /** What to do about a failure. */
    public sealed interface Decision {
        record Again(long delayMillis) implements Decision {}

        record GiveUp() implements Decision {}
    }

    /** Failures in a row after one more, given how long the child had been ready before it ended. */
    public int rowAfter(int row, long readyMillis) {
        return readyMillis >= steadyMillis && readyMillis > 0 ? 1 : row + 1;
    }

    /** {@code row} counts the failures in a row, this one included. */
    public Decision after(ExitReason reason, int row) {
        if (reason == ExitReason.PORT_TAKEN && row < PORTS_MAX) return new Decision.Again(0);
        if (reason.isLasting() || row >= startsMax) return new Decision.GiveUp();
        long doubled = delayFirstMillis << Math.min(row - 1, 30);
        return new Decision.Again(Math.min(doubled, delayMaxMillis));
    }
}
