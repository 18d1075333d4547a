package mesh.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Claims that hold for any input, tried on many drawn from seeds. A failure names its seed, and
 * {@code -Dprops.seed=…} runs that one alone.
 */
public final class Props {
    private Props() {}

    public static void forAll(int cases, Consumer<Random> claim) {
        Long only = Long.getLong("props.seed");
        for (long seed = only == null ? 1 : only; seed <= (only == null ? cases : only); seed++) {
            try {
                claim.accept(new Random(seed));
            } catch (AssertionError | RuntimeException failure) {
                throw new AssertionError("fails with -Dprops.seed=" + seed + ": " + failure.getMessage(), failure);
            }
        }
    }

    /** The same entries in another order of iteration. */
    public static <K, V> Map<K, V> shuffled(Map<K, V> map, Random random) {
        List<K> keys = new ArrayList<>(map.keySet());
        Collections.shuffle(keys, random);
        var shuffled = new LinkedHashMap<K, V>();
        for (K key : keys) shuffled.put(key, map.get(key));
        return shuffled;
    }
}
