package mesh.core.openai;

/**
 * What an answer cost, as the engine counted it.
 *
 * @param promptTokens all of the prompt, those found in the cache included
 * @param cachedTokens of these, the ones that were not computed again
 * @param completionTokens 0 for embeddings and the like
 * @param promptMillis time spent on the prompt; 0 = not said
 * @param completionMillis time spent on the answer; 0 = not said
 */
public record Usage(
        long promptTokens, long cachedTokens, long completionTokens, double promptMillis, double completionMillis) {
    /** The engine said nothing, or the answer did not come to an end. */
    public static final Usage UNKNOWN = new Usage(0, 0, 0, 0, 0);

    private static final double MILLI_PER_SECOND = 1e6;

    /** How fast the answer was written, in thousandths of a token per second; 0 = not said. */
    public long milliTokensPerSecond() {
        return completionMillis <= 0 ? 0 : (long) (completionTokens * MILLI_PER_SECOND / completionMillis);
    }
}
