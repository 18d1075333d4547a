package mesh.daemon.serve;

import java.util.Optional;
import java.util.OptionalInt;
import mesh.core.model.Fit;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.Serving;
import mesh.daemon.hardware.Memory;
import mesh.daemon.models.ModelFile;
import mesh.daemon.serve.LocalModel.Plan;

/**
 * What this machine and its user allow a model; empty is decided here, from the model and the memory that is left.
 *
 * @param usableBytes memory for all models together
 * @param cores what auto shares among the models
 * @param devices the processors the user named, in llama.cpp's words
 * @param card whose memory this machine puts to splits; empty: the machine's own
 */
public record Limits(
        long usableBytes,
        int cores,
        OptionalInt ctxTokens,
        OptionalInt parallel,
        OptionalInt threads,
        Optional<String> devices,
        Optional<Memory.Card> card) {
    /** Dozens of long prompts of a model that has room to spare; upstream's own default would take eight times that. */
    private static final long PROMPT_CACHE_BYTES_MAX = 1L << 30;

    /** Most of what is spare stays so, for models that are loaded later. */
    private static final long PROMPT_CACHE_PARTS = 8;

    private static final int SPLIT_SLOTS = 2;

    /** llama.cpp's words. */
    private static final String NO_DEVICE = "none";

    private static final String CPU = "CPU";

    /** llama.cpp chooses the processors, and has the CPU only. */
    public Limits(long usableBytes, int cores, OptionalInt ctxTokens, OptionalInt parallel, OptionalInt threads) {
        this(usableBytes, cores, ctxTokens, parallel, threads, Optional.empty(), Optional.empty());
    }

    /** What came of planning. */
    sealed interface Planned {
        record Fits(Plan plan) implements Planned {}

        /** {@code message} holds the numbers. */
        record TooBig(String message) implements Planned {}
    }

    Planned plan(ModelFile file, long takenBytes, int modelsBeside) {
        var ask = new Fit.Ask(ctxTokens.orElse(0), parallel.orElse(0));
        long leftBytes = Math.max(0, usableBytes - takenBytes);
        return switch (file.fit().within(leftBytes, ask)) {
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

    /**
     * The same over several machines' memory: comfortable context, and two slots, so that one caller's round trip is
     * another's turn. The prompt cache would carry whole states over the link.
     */
    Plan spread(ModelFile file, int modelsBeside) {
        Fit fit = file.fit();
        int longest = fit.contextMax() > 0 ? fit.contextMax() : Integer.MAX_VALUE;
        int context = Math.min(longest, ctxTokens.orElse(Fit.CONTEXT_TARGET));
        int slots = parallel.orElse(SPLIT_SLOTS);
        return new Plan(file, context, slots, threads(modelsBeside), fit.needBytes(context, slots), 0);
    }

    /** Less of it, for as much memory as the mesh can gather; empty when even the least that was allowed is too much. */
    Optional<Plan> spread(Plan wished, long gatheredBytes) {
        var ask = new Fit.Ask(ctxTokens.orElse(0), parallel.orElse(0));
        return wished.file().fit().within(gatheredBytes, ask) instanceof Fit.Verdict.Fits fits
                        && fits.needBytes() < wished.needBytes()
                ? Optional.of(
                        new Plan(wished.file(), fits.context(), fits.slots(), wished.threads(), fits.needBytes(), 0))
                : Optional.empty();
    }

    /** What of the memory can be a share of a split: it stands in one place. */
    long splitBytes() {
        return card.map(one -> Math.min(one.usableBytes(), usableBytes)).orElse(usableBytes);
    }

    /** Where a model runs that needs nobody; empty: where llama.cpp wants. */
    Optional<Serving.Place> place() {
        return devices.map(named -> new Serving.Place(named, 0));
    }

    /** Where a split's host keeps its own units. */
    Optional<Serving.Place> place(int units) {
        return card.map(one -> new Serving.Place(one.device(), units)).or(this::place);
    }

    /** Whose memory an rpc-server lends, of which a host counts on one; empty: it knows no other than the CPU's. */
    String lent(Engine engine) {
        if (card.isPresent()) return card.get().device();
        if (devices.isPresent())
            return devices.get().equals(NO_DEVICE) ? CPU : devices.get().split(",")[0];
        return engine.devices().isEmpty() ? "" : engine.devices().getFirst().name();
    }

    private static long promptCache(long spareBytes) {
        return Math.min(PROMPT_CACHE_BYTES_MAX, spareBytes / PROMPT_CACHE_PARTS);
    }

    /** Busy threads of two models on one core starve each other. */
    int threads(int modelsBeside) {
        return threads.orElse(Math.max(1, cores / (modelsBeside + 1)));
    }
}
