package mesh.daemon.serve;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.daemon.log.Log;
import mesh.daemon.serve.DraftTrial.Figures;
import mesh.daemon.store.AtomicFile;

/**
 * What trials of drafts found out, kept in one small file over restarts. A verdict holds for the very files, engine and
 * length of guesses it was found with, and for a week: what callers ask changes. A lost file costs another trial. Any
 * thread; the lock keeps two verdicts of one moment from overwriting each other.
 */
final class DraftVerdicts {
    private static final Log log = Log.of(DraftVerdicts.class);

    static final Duration HOLDS = Duration.ofDays(7);

    /** Far more pairs than one machine serves within a week. */
    private static final int VERDICTS_MAX = 200;

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Path file;

    /**
     * What was tried.
     *
     * @param engine its version in its own words
     * @param tokensMax how far the draft guessed ahead
     */
    record Pair(String model, long modelBytes, String draft, long draftBytes, String engine, int tokensMax) {}

    /**
     * What came of it.
     *
     * @param reason why the draft does not pay, as a stable code; empty: it does
     * @param at when it was found out, as ISO-8601 has it
     */
    record Verdict(Pair pair, String reason, Figures figures, String at) {
        private boolean isOfUse(Instant now) {
            try {
                Instant found = Instant.parse(at);
                // What lies ahead is from a clock that was wrong, then or now.
                return pair != null
                        && reason != null
                        && figures != null
                        && !found.isAfter(now)
                        && found.plus(HOLDS).isAfter(now);
            } catch (DateTimeException | NullPointerException damaged) {
                return false;
            }
        }
    }

    DraftVerdicts(Path file) {
        this.file = file;
    }

    synchronized Optional<Verdict> of(Pair pair, Instant now) {
        return read(now).stream().filter(each -> each.pair().equals(pair)).findFirst();
    }

    /** In place of an earlier one for the same pair. */
    synchronized Verdict found(Pair pair, String reason, Figures figures, Instant now) {
        var verdict = new Verdict(
                pair,
                reason,
                figures,
                Instant.ofEpochSecond(now.getEpochSecond()).toString());
        var kept = new ArrayList<Verdict>(List.of(verdict));
        read(now).stream()
                .filter(each -> !each.pair().equals(pair))
                .limit(VERDICTS_MAX - 1)
                .forEach(kept::add);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            AtomicFile.write(file, JSON.writeValueAsBytes(kept));
        } catch (IOException unwritten) {
            log.warn("note.unwritten", "file", file, "cause", unwritten);
        }
        return verdict;
    }

    private List<Verdict> read(Instant now) {
        try {
            return List.of(JSON.readValue(Files.readAllBytes(file), Verdict[].class)).stream()
                    .filter(verdict -> verdict.isOfUse(now))
                    .toList();
        } catch (IOException | NullPointerException noneOrDamaged) {
            return List.of();
        }
    }
}
