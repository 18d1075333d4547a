package mesh.daemon.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpeedsTest {
    private final Speeds speeds = new Speeds();

    @Test
    void speedIsKnownAfterASecondAndFollowsSlowly() {
        assertThat(speeds.of("a", "fetching", 0, 0)).isZero();
        assertThat(speeds.of("a", "fetching", 500, 500)).isZero();
        assertThat(speeds.of("a", "fetching", 2_000, 1_000)).isEqualTo(2_000);
        assertThat(speeds.of("a", "fetching", 2_000, 2_000)).isBetween(1_000L, 1_999L);
    }

    @Test
    void otherPhaseAndLostBytesBeginAnew() {
        speeds.of("a", "fetching", 0, 0);
        speeds.of("a", "fetching", 1_000, 1_000);

        assertThat(speeds.of("a", "checking", 5_000, 2_000)).isZero();
        assertThat(speeds.of("a", "checking", 1_000, 4_000)).isZero();
        speeds.retain(List.of());
        assertThat(speeds.of("a", "checking", 9_000, 9_000)).isZero();
    }
}
