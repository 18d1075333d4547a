package mesh.core.elect;

/**
 * What a split may cost. Every node of a mesh needs the same limits for the same outcome.
 *
 * @param rttMillisMax farthest worker: each token waits once for each worker's round trip
 * @param tokenMicrosMax slowest prediction that is still worth starting without {@code --split}
 */
public record SplitLimits(int rttMillisMax, long tokenMicrosMax) {
    /** 80 ms is a continent; two tokens per second is half of what a person reads aloud. */
    public static final SplitLimits DEFAULT = new SplitLimits(80, 500_000);

    /** A running split keeps a worker until it is clearly too far, so that jitter around the limit restarts nothing. */
    int keptRttMillisMax() {
        return rttMillisMax + rttMillisMax / 4;
    }
}
