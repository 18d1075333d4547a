package mesh.core.elect;

import java.util.List;

/**
 * What a token will cost: reading the active weights at each member's speed, and one round trip per worker, strictly
 * one after another. Batching and drafts do better; this is one caller's floor.
 *
 * @param computeMicros 0 when nobody's speed is known
 * @param hopMicros each worker's round trip, in the order of the workers; an unknown one is taken as the farthest allowed
 * @param isAssumed whether any round trip or speed above was assumed rather than measured
 */
public record Prediction(long computeMicros, List<Long> hopMicros, boolean isAssumed) {
    public Prediction {
        hopMicros = List.copyOf(hopMicros);
    }

    public long tokenMicros() {
        return computeMicros + hopMicros.stream().mapToLong(Long::longValue).sum();
    }

    /** 0 when nothing is known that would bound it. */
    public long milliTokensPerSecond() {
        return tokenMicros() == 0 ? 0 : 1_000_000_000L / tokenMicros();
    }

    /** Time to read {@code bytes}, in whole bytes per microsecond: a product of bytes and a million would overflow. */
    static long readMicros(long bytes, long bytesPerSecond) {
        return bytes / Math.max(1, bytesPerSecond / 1_000_000);
    }
}
