package mesh.daemon.fetch;

/**
 * How long a fetch bears with a bad line. Immutable.
 *
 * @param tries in a row that brought nothing, after which it gives up
 * @param pauseMillis before the second try; doubled for each further one
 * @param pauseMillisMax above which the pause does not grow
 * @param silenceMillis without a byte, after which a line counts as dead
 * @param retryAfterMillisMax the longest wait a server may ask for
 */
public record Patience(int tries, long pauseMillis, long pauseMillisMax, long silenceMillis, long retryAfterMillisMax) {
    /** About two minutes of nothing in all; a mobile line may pause for half a minute and come back. */
    public static final Patience USUAL = new Patience(8, 500, 30_000, 30_000, 600_000);

    /** Before try {@code number}, the first being 1. */
    long pauseMillis(int number) {
        return Math.min(pauseMillisMax, pauseMillis << Math.min(20, number - 1));
    }
}
