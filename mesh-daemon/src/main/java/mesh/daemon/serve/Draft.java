package mesh.daemon.serve;

import java.util.Locale;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.daemon.api.Management.DraftStatus;
import mesh.daemon.models.ModelFile;
import mesh.daemon.serve.DraftTrial.Figures;

/**
 * The small model that guesses ahead for a large one, as it stands now. Immutable.
 *
 * @param file empty until it is here
 * @param needBytes memory beside the large one; 0 when it takes none
 * @param reason why it is off, as a stable code; else empty
 * @param judgedAt when a trial found out whether it pays, as ISO-8601 has it; empty: none did
 */
record Draft(
        ModelRef ref,
        Optional<ModelFile> file,
        long needBytes,
        Stage stage,
        String reason,
        Figures figures,
        String judgedAt) {
    /** How far it has come. */
    enum Stage {
        FETCHING,
        /** In use, and measured. */
        TRIED,
        /** Out of use for as long as it takes to measure the model alone. */
        COMPARED,
        KEPT,
        OFF
    }

    private static final Figures NONE = new Figures(0, 0, 0);

    static Draft fetching(ModelRef ref) {
        return new Draft(ref, Optional.empty(), 0, Stage.FETCHING, "", NONE, "");
    }

    static Draft tried(ModelFile file, long needBytes) {
        return new Draft(file.ref(), Optional.of(file), needBytes, Stage.TRIED, "", NONE, "");
    }

    Draft compared() {
        return new Draft(ref, file, needBytes, Stage.COMPARED, "", figures, "");
    }

    /** What a trial said, now or earlier. */
    Draft judged(DraftVerdicts.Verdict verdict) {
        return verdict.reason().isEmpty()
                ? new Draft(ref, file, needBytes, Stage.KEPT, "", verdict.figures(), verdict.at())
                : new Draft(ref, file, 0, Stage.OFF, verdict.reason(), verdict.figures(), verdict.at());
    }

    /** Out of use for another reason. */
    Draft off(String code) {
        return new Draft(ref, file, 0, Stage.OFF, code, figures, "");
    }

    /** Whether the next start of the engine should have it. */
    boolean isWanted() {
        return stage == Stage.TRIED || stage == Stage.KEPT;
    }

    DraftStatus status() {
        return new DraftStatus(
                ref.name(),
                stage.name().toLowerCase(Locale.ROOT),
                reason,
                needBytes,
                figures.acceptedPercent(),
                figures.milliTokensPerSecond(),
                figures.milliTokensPerSecondPlain(),
                judgedAt);
    }
}
