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
 */
record Draft(ModelRef ref, Optional<ModelFile> file, long needBytes, Stage stage, String reason, Figures figures) {
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
        return new Draft(ref, Optional.empty(), 0, Stage.FETCHING, "", NONE);
    }

    static Draft tried(ModelFile file, long needBytes) {
        return new Draft(file.ref(), Optional.of(file), needBytes, Stage.TRIED, "", NONE);
    }

    Draft compared() {
        return new Draft(ref, file, needBytes, Stage.COMPARED, "", figures);
    }

    Draft kept(Figures measured) {
        return new Draft(ref, file, needBytes, Stage.KEPT, "", measured);
    }

    Draft off(String code, Figures measured) {
        return new Draft(ref, file, 0, Stage.OFF, code, measured);
    }

    Draft off(String code) {
        return off(code, figures);
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
                figures.milliTokensPerSecondPlain());
    }
}
