package mesh.core.member;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.Tunables;
import org.junit.jupiter.api.Test;

class DoubtTest {
    private static final Tunables LAN = Tunables.lan();

    @Test
    void waitFallsFromCeilingToFloorWithConfirmations() {
        assertThat(Doubt.waitMillis(1_000, 3_000, 0, 2)).isEqualTo(3_000);
        assertThat(Doubt.waitMillis(1_000, 3_000, 1, 2)).isBetween(1_001L, 2_000L);
        assertThat(Doubt.waitMillis(1_000, 3_000, 2, 2)).isEqualTo(1_000);
    }

    @Test
    void whereNobodyCouldConfirmTheFloorHolds() {
        assertThat(Doubt.waitMillis(1_000, 3_000, 0, 0)).isEqualTo(1_000);
    }

    @Test
    void oneAccuserCountsOnce() {
        var doubt = new Doubt(1, Profiles.id(1), 10, LAN, 0);
        long alone = doubt.deadlineMillis();

        assertThat(doubt.confirm(Profiles.id(1))).isFalse();
        assertThat(doubt.deadlineMillis()).isEqualTo(alone);
        assertThat(doubt.confirm(Profiles.id(2))).isTrue();
        assertThat(doubt.deadlineMillis()).isLessThan(alone);
    }

    @Test
    void confirmationsBeyondTheNeededAreNoNews() {
        var doubt = new Doubt(1, Profiles.id(1), 10, LAN, 0);

        assertThat(doubt.confirm(Profiles.id(2))).isTrue();
        assertThat(doubt.confirm(Profiles.id(3))).isTrue();
        assertThat(doubt.confirm(Profiles.id(4))).isFalse();
    }

    @Test
    void floorGrowsWithTheLogarithmOfTheMesh() {
        assertThat(LAN.doubtFloorMillis(1_000)).isBetween(2 * LAN.doubtFloorMillis(10), 4 * LAN.doubtFloorMillis(10));
    }

    @Test
    void suspectIsAskedOncePerDoubt() {
        var doubt = new Doubt(1, Profiles.id(1), 10, LAN, 0);

        assertThat(doubt.isTimeToAsk(1)).isFalse();
        assertThat(doubt.isTimeToAsk(LAN.doubtFloorMillis(10))).isTrue();
        assertThat(doubt.isTimeToAsk(LAN.doubtFloorMillis(10))).isFalse();
    }
}
