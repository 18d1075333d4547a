package mesh.daemon.serve;

import java.util.OptionalInt;
import mesh.core.model.Fit;
import mesh.daemon.models.ModelFile;
import mesh.daemon.serve.LocalModel.Plan;

/**
 * What this machine and its user allow a model; empty is decided here, from the model and the memory that is left.
 *
 * @param usableBytes memory for all models together
 * @param cores what auto shares among the models
 */
public record Limits(long usableBytes, int cores, OptionalInt ctxTokens, OptionalInt parallel, OptionalInt threads) {
    /** Dozens of long prompts of a model that has room to spare; upstream's own default would take eight times that. */
    private static final long PROMPT_CACHE_BYTES_MAX = 1L << 30;

    /** Most of what is spare stays so, for models that are loaded later. */
    private static final long PROMPT_CACHE_PARTS = 8;

    /** What came of planning. */
    sealed interface Planned {
        record Fits(Plan plan) implements Planned {}

        /** {@code message} holds the numbers. */
        record TooBig(String message) implements Planned {}
    }

    Planned plan(ModelFile file, long takenBytes, int modelsBeside) {
        var ask = new Fit.Ask(ctxTokens.orElse(0), parallel.orElse(0));
        long leftBytes = Math.max(0, usableBytes - takenBytes);
        return switch (Fit.of(file.header()).within(leftBytes, ask)) {
            case Fit.Verdict.Fits fits ->
                new Planned.Fits(new Plan(
                        file,
                        fits.context(),
                        fits.slots(),
                        threads(modelsBeside),
                        fits.needBytes(),
                        promptCache(leftBytes - fits.needBytes())));
            case Fit.Verdict.TooBig tooBig ->
                new Planned.TooBig(file.ref() + " does not fit: " + tooBig.why()
                        + (takenBytes > 0 ? "; other models take " + Fit.gigabytes(takenBytes) : ""));
        };
    }

    private static long promptCache(long spareBytes) {
        return Math.min(PROMPT_CACHE_BYTES_MAX, spareBytes / PROMPT_CACHE_PARTS);
    }

    /** Busy threads of two models on one core starve each other. */
    private int threads(int modelsBeside) {
        return threads.orElse(Math.max(1, cores / (modelsBeside + 1)));
    }
}
