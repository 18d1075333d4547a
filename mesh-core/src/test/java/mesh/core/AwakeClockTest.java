package mesh.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AwakeClockTest {
    private static final long TICK = 100;
    private final AwakeClock clock = new AwakeClock(TICK, 5_000);

    @Test
    void ordinaryTimePassesAsItIs() {
        assertThat(clock.advance(5_100)).isEqualTo(100);
        assertThat(clock.advance(5_150)).isEqualTo(150);
        assertThat(clock.slept()).isFalse();
    }

    @Test
    void sleepCountsAsOneTick() {
        clock.advance(5_100);

        assertThat(clock.advance(3_605_100)).isEqualTo(100 + TICK);
        assertThat(clock.slept()).isTrue();
        assertThat(clock.advance(3_605_200)).isEqualTo(200 + TICK);
        assertThat(clock.slept()).isFalse();
    }

    @Test
    void stallOfABusyMachineIsNoSleepAndNoTimeEither() {
        assertThat(clock.advance(5_400)).isEqualTo(TICK);
        assertThat(clock.slept()).isFalse();
    }

    @Test
    void clockSetBackStandsStill() {
        clock.advance(5_100);

        assertThat(clock.advance(1_000)).isEqualTo(100);
        assertThat(clock.advance(1_100)).isEqualTo(200);
    }
}
