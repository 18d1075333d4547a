package mesh.daemon.engine;

import java.nio.file.Path;
import mesh.core.Check;

/**
 * How llama-server is to serve one model on one machine.
 *
 * @param alias the id the API shows for it
 * @param ctxSize tokens of context for all slots together; 0 takes the model's own
 * @param parallel answers at a time
 * @param threads 0 leaves the choice to llama.cpp
 * @param promptCacheBytes memory for states of earlier prompts; 0 = none
 * @param pooling how one vector is made of a text; NONE for models that write
 */
public record Serving(
        Path model, String alias, int ctxSize, int parallel, int threads, long promptCacheBytes, Pooling pooling) {
    /** A model that writes. */
    public Serving(Path model, String alias, int ctxSize, int parallel, int threads, long promptCacheBytes) {
        this(model, alias, ctxSize, parallel, threads, promptCacheBytes, Pooling.NONE);
    }

    public Serving {
        Check.that(
                ctxSize >= 0 && parallel >= 1 && threads >= 0 && promptCacheBytes >= 0,
                "sizes count things",
                ctxSize,
                parallel,
                threads);
    }
}
