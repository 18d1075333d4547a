package mesh.core;

import java.util.Optional;

/**
 * Believes a value once it stood unchanged for a while: what keeps a mesh from acting on a view that is still moving.
 * Owned by whoever observes.
 */
public final class Settled<T> {
    private Optional<T> last = Optional.empty();
    private long sinceMillis;

    /** Call it whenever the value may have changed, and again when the time is over. */
    public Optional<T> observe(T seen, long forMillis, long nowMillis) {
        if (last.isEmpty() || !last.get().equals(seen)) {
            last = Optional.of(seen);
            sinceMillis = nowMillis;
        }
        return nowMillis - sinceMillis >= forMillis ? last : Optional.empty();
    }
}
