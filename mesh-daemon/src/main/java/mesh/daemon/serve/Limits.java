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
    /** What came of planning. */
    sealed interface Planned {
        record Fits(Plan plan) implements Planned {}

        /** {@code message} holds the numbers. */
        record TooBig(String message) implements Planned {}
    }

    Planned plan(ModelFile file, long takenBytes, int modelsBeside) {
        var ask = new Fit.Ask(ctxTokens.orElse(0), parallel.orElse(0));
        return switch (Fit.of(file.header()).within(Math.max(0, usableBytes - takenBytes), ask)) {
            case Fit.Verdict.Fits fits ->
                new Planned.Fits(new Plan(file, fits.context(), fits.slots(), threads(modelsBeside), fits.needBytes()));
            case Fit.Verdict.TooBig tooBig ->
                new Planned.TooBig(file.ref() + " does not fit: " + tooBig.why()
                        + (takenBytes > 0 ? "; other models take " + Fit.gigabytes(takenBytes) : ""));
        };
    }

    /** Busy threads of two models on one core starve each other. */
    private int threads(int modelsBeside) {
        return threads.orElse(Math.max(1, cores / (modelsBeside + 1)));
    }
}
