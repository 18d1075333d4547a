package mesh.daemon.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import mesh.daemon.serve.DraftTrial.Figures;
import mesh.daemon.serve.DraftVerdicts.Pair;
import mesh.daemon.serve.DraftVerdicts.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DraftVerdictsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Pair PAIR = new Pair("qwen", 9_000, "small", 900, "0.7.0 (build 11669)", 8);
    private static final Figures SLOWER = new Figures(40, 9_000, 12_000);

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void place() {
        file = folder.resolve(".notes/drafts.json");
    }

    @Test
    void verdictOutlivesTheNodeThatFoundIt() {
        new DraftVerdicts(file).found(PAIR, "draft_slower", SLOWER, NOW);

        Optional<Verdict> known = new DraftVerdicts(file).of(PAIR, NOW.plusSeconds(60));

        assertThat(known).contains(new Verdict(PAIR, "draft_slower", SLOWER, "2026-03-01T12:00:00Z"));
    }

    @Test
    void verdictIsOfTheVeryPairEngineAndLength() {
        var verdicts = new DraftVerdicts(file);
        verdicts.found(PAIR, "draft_slower", SLOWER, NOW);

        assertThat(verdicts.of(new Pair("qwen", 9_001, "small", 900, PAIR.engine(), 8), NOW))
                .isEmpty();
        assertThat(verdicts.of(new Pair("qwen", 9_000, "small", 901, PAIR.engine(), 8), NOW))
                .isEmpty();
        assertThat(verdicts.of(new Pair("qwen", 9_000, "small", 900, "0.8.0", 8), NOW))
                .isEmpty();
        assertThat(verdicts.of(new Pair("qwen", 9_000, "small", 900, PAIR.engine(), 4), NOW))
                .isEmpty();
    }

    @Test
    void verdictHoldsForAWeekAndNotBeforeItWasFound() {
        var verdicts = new DraftVerdicts(file);
        verdicts.found(PAIR, "", SLOWER, NOW);
        Duration week = DraftVerdicts.HOLDS;

        assertThat(verdicts.of(PAIR, NOW.plus(week).minusSeconds(1))).isPresent();
        assertThat(verdicts.of(PAIR, NOW.plus(week))).isEmpty();
        assertThat(verdicts.of(PAIR, NOW.minusSeconds(5))).isEmpty();
    }

    @Test
    void newerVerdictReplacesTheOlderOneAndLeavesOthers() {
        var verdicts = new DraftVerdicts(file);
        var other = new Pair("glm", 1, "small", 900, PAIR.engine(), 8);
        verdicts.found(other, "draft_rejected", SLOWER, NOW);
        verdicts.found(PAIR, "draft_slower", SLOWER, NOW);
        verdicts.found(PAIR, "", SLOWER, NOW.plusSeconds(9));

        assertThat(verdicts.of(PAIR, NOW.plusSeconds(9)).map(Verdict::reason)).contains("");
        assertThat(verdicts.of(other, NOW.plusSeconds(9)).map(Verdict::reason)).contains("draft_rejected");
    }

    @Test
    void damagedFileIsNoVerdict() throws Exception {
        var verdicts = new DraftVerdicts(file);
        Files.createDirectories(file.getParent());

        for (String damaged : new String[] {"", "null", "[{}]", "[null]", "{\"pair\":7}", "[{\"at\":\"soon\"}]"}) {
            Files.writeString(file, damaged);

            assertThat(verdicts.of(PAIR, NOW)).as(damaged).isEmpty();
        }
    }
}
