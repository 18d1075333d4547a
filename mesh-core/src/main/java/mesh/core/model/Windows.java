package mesh.core.model;

import java.util.List;

/**
 * Which layers of a model remember only the last so many tokens, and how many. The files say how wide the window is but
 * not always which layers have it: that is part of the architecture, and listed here where the engine's own figures
 * confirm it. Immutable.
 *
 * @param tokens the width of the window; 0 when no layer is known to have one
 * @param period the last layer of each such run remembers everything, the others the window
 */
record Windows(long tokens, int period) {
    private static final Windows NONE = new Windows(0, 1);

    /** What is known of one architecture. */
    private record Known(String architecture, int period) {}

    private static final List<Known> KNOWN =
            List.of(new Known("gemma2", 2), new Known("gemma3", 6), new Known("gpt-oss", 2), new Known("cohere2", 4));

    static Windows of(GgufHeader header) {
        long tokens = header.hyper("attention.sliding_window").orElse(0);
        if (tokens <= 0) return NONE;
        for (Known known : KNOWN)
            if (known.architecture.equals(header.architecture())) return new Windows(tokens, known.period);
        return NONE;
    }

    boolean isWindowed(int layer) {
        return layer % period < period - 1;
    }
}
