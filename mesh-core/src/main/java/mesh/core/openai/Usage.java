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
        long promptTokens, long cachedTokens, long completionTokens, double promptMillis, double completionMillis) {}
