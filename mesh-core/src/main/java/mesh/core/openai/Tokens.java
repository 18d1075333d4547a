package mesh.core.openai;

/**
 * What one answer cost, as the engine counted it. Immutable.
 *
 * @param prompt all tokens of the prompt, those found in the cache included
 * @param cached the part of {@code prompt} that was not computed again
 * @param answer generated; 0 for embeddings and the like
 * @param milliPerSecond speed of generation; 0 = the engine does not say
 */
public record Tokens(long prompt, long cached, long answer, long milliPerSecond) {
    /** The engine said nothing, or the answer did not come to an end. */
    public static final Tokens UNKNOWN = new Tokens(0, 0, 0, 0);

    public boolean isKnown() {
        return prompt + answer > 0;
    }
}
