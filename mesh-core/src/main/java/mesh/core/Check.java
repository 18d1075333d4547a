package mesh.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * States what must hold of our own state, always on. A failed check is a bug of ours, never of a peer or a client:
 * it throws, and whoever owns the state stops. Input from outside is answered with a rejection instead.
 */
public final class Check {
    private Check() {}

    /** {@code seen} are the values that matter to the reader of the report; they are rendered only on failure. */
    public static void that(boolean holds, String claim, Object... seen) {
        if (!holds) throw new IllegalStateException("broken: " + claim + " seen=" + Arrays.toString(seen));
    }

    /** What must be there. */
    public static <T> T present(@Nullable T value, String claim) {
        if (value == null) throw new IllegalStateException("broken: " + claim);
        return value;
    }
}
