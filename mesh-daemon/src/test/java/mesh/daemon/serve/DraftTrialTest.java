package mesh.daemon.serve;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.daemon.engine.EngineCounts;
import mesh.daemon.serve.DraftTrial.Figures;
import mesh.daemon.serve.DraftTrial.Step;
import org.junit.jupiter.api.Test;

class DraftTrialTest {
    private static final long ENOUGH = DraftTrial.TOKENS_MIN;

    private final DraftTrial trial = new DraftTrial();

    @Test
    void fewTokensDecideNothing() {
        assertThat(trial.look(true, new EngineCounts(ENOUGH - 1, 1, 100, 0))).isEqualTo(new Step.Wait());
    }

    @Test
    void draftThatGuessesWrongIsDroppedWithoutAStretchAlone() {
        Step step = trial.look(true, new EngineCounts(ENOUGH, 64, 1000, 99));

        assertThat(step).isEqualTo(new Step.Drop("draft_rejected", new Figures(9, 4_000, 0)));
    }

    @Test
    void draftThatMakesTheModelFasterIsKept() {
        assertThat(trial.look(true, new EngineCounts(ENOUGH, 8, 300, 200))).isEqualTo(new Step.Compare());
        assertThat(trial.look(false, new EngineCounts(10, 1, 0, 0))).isEqualTo(new Step.Wait());

        Step step = trial.look(false, new EngineCounts(ENOUGH, 16, 0, 0));

        assertThat(step).isEqualTo(new Step.Keep(new Figures(66, 32_000, 16_000)));
        assertThat(new Figures(66, 32_000, 16_000).gainPercent()).isEqualTo(100);
    }

    @Test
    void draftThatWinsLessThanItsMemoryIsWorthIsDropped() {
        trial.look(true, new EngineCounts(1040, 10, 300, 200));

        Step step = trial.look(false, new EngineCounts(1000, 10, 0, 0));

        assertThat(step).isEqualTo(new Step.Drop("draft_slower", new Figures(66, 104_000, 100_000)));
    }

    @Test
    void stretchAloneIsAskedForUntilTheEngineRunsAlone() {
        trial.look(true, new EngineCounts(ENOUGH, 8, 300, 200));

        assertThat(trial.look(true, new EngineCounts(ENOUGH + 50, 9, 300, 200))).isEqualTo(new Step.Compare());
    }
}
