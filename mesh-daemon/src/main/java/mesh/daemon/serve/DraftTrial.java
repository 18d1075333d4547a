package mesh.daemon.serve;

import mesh.core.Check;
import mesh.daemon.engine.EngineCounts;

/**
 * Finds out whether a draft pays, from answers that callers asked for: first with it, then, unless most guesses were
 * wrong anyway, as many tokens without it. Owned by one thread; knows no clock and no engine.
 */
final class DraftTrial {
    /** A few answers, so that one odd prompt does not decide. */
    static final long TOKENS_MIN = 256;

    /** With fewer right guesses no draft pays: even a free one makes the large model check ten tokens to win one. */
    private static final int ACCEPTED_PERCENT_MIN = 10;

    /** Less is within what two stretches of traffic differ by, and not worth the draft's memory. */
    private static final int GAIN_PERCENT_MIN = 5;

    private long withDraft;
    private int acceptedPercent;

    /** What to do after a look. */
    sealed interface Step {
        /** Not enough was generated yet. */
        record Wait() implements Step {}

        /** The next stretch is to run without the draft. */
        record Compare() implements Step {}

        record Keep(Figures figures) implements Step {}

        record Drop(String reason, Figures figures) implements Step {}
    }

    /** What was measured; {@code milliTokensPerSecondPlain} 0 = was not needed. */
    record Figures(int acceptedPercent, long milliTokensPerSecond, long milliTokensPerSecondPlain) {
        /** How much faster it is with the draft; negative when slower. */
        int gainPercent() {
            if (milliTokensPerSecondPlain == 0) return 0;
            return (int) (milliTokensPerSecond * 100 / milliTokensPerSecondPlain - 100);
        }
    }

    /** {@code counts} are those of the engine since its start, with the draft or without. */
    Step look(boolean isDrafting, EngineCounts counts) {
        if (isDrafting && withDraft > 0) return new Step.Compare();
        if (counts.tokens() < TOKENS_MIN || counts.milliTokensPerSecond() == 0) return new Step.Wait();
        if (isDrafting) return drafted(counts);
        Check.that(withDraft > 0, "the stretch with the draft comes first");
        var figures = new Figures(acceptedPercent, withDraft, counts.milliTokensPerSecond());
        return figures.gainPercent() >= GAIN_PERCENT_MIN
                ? new Step.Keep(figures)
                : new Step.Drop("draft_slower", figures);
    }

    private Step drafted(EngineCounts counts) {
        acceptedPercent = counts.acceptedPercent();
        if (acceptedPercent < ACCEPTED_PERCENT_MIN)
            return new Step.Drop("draft_rejected", new Figures(acceptedPercent, counts.milliTokensPerSecond(), 0));
        withDraft = counts.milliTokensPerSecond();
        return new Step.Compare();
    }
}
