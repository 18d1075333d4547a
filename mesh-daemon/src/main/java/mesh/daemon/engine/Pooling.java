package mesh.daemon.engine;

import java.util.Locale;
import mesh.core.model.GgufHeader;

/** How a model makes one vector of a text, which is also what tells embedding models and rerankers from those that write. */
public enum Pooling {
    /** In the order of the numbers in model files. */
    NONE,
    MEAN,
    CLS,
    LAST,
    RANK;

    public static Pooling of(GgufHeader header) {
        long number = header.hyper("pooling_type").orElse(0);
        return number > 0 && number < values().length ? values()[(int) number] : NONE;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
