package mesh.core.demand;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Demanded;
import mesh.core.member.Profiles;
import org.junit.jupiter.api.Test;

class DemandTest {
    private static final ModelRef MODEL = new ModelRef("m");

    private final Demand demand = new Demand();

    @Test
    void requestsCountForAMinute() {
        for (int i = 0; i < 12; i++) demand.asked(MODEL, i * 1_000L);

        assertThat(demand.rates(59_000)).containsExactly(new Demanded(MODEL, 12_000));
        assertThat(demand.rates(60_000)).containsExactly(new Demanded(MODEL, 2_000));
        assertThat(demand.rates(70_000)).isEmpty();
    }

    @Test
    void readingTheRatesDoesNotResetThem() {
        demand.asked(MODEL, 0);

        assertThat(demand.rates(1_000)).isEqualTo(demand.rates(2_000)).hasSize(1);
    }

    @Test
    void oldBucketsAreNotCountedAgainWhenTheRingComesRound() {
        demand.asked(MODEL, 0);
        demand.asked(MODEL, 60_000);

        assertThat(demand.rates(60_000)).containsExactly(new Demanded(MODEL, 1_000));
    }

    @Test
    void steadyTrafficIsNoStreamOfNews() {
        assertThat(Demand.coarse(10)).isEqualTo(10);
        assertThat(Demand.coarse(100)).isEqualTo(Demand.coarse(111)).isEqualTo(96);
        assertThat(Demand.coarse(1_000_000)).isEqualTo(917_504);
    }

    @Test
    void namesAreBoundedAndTheQuietestGoes() {
        demand.asked(MODEL, 0);
        demand.asked(MODEL, 0);
        for (int i = 0; i < 2 * Profile.MODELS_MAX; i++) demand.asked(new ModelRef("x" + i), 0);

        assertThat(demand.rates(0)).hasSize(Profile.MODELS_MAX).contains(new Demanded(MODEL, 2_000));
    }

    @Test
    void meshWideDemandIsTheSumOfWhatEachPortSaw() {
        var a = Profiles.of(0).asked(MODEL, 3).build();
        var b = Profiles.of(0).asked(MODEL, 4).asked(new ModelRef("n"), 9).build();

        assertThat(Demand.totals(List.of(a, b))).containsEntry(MODEL, 7_000L).hasSize(2);
    }
}
