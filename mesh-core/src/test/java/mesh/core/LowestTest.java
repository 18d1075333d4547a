package mesh.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LowestTest {
    @Test
    void spikeChangesNothingWhileALowerValueIsRemembered() {
        var rtt = new Lowest();

        assertThat(rtt.after(20, 1_000, 100)).isEqualTo(20);
        assertThat(rtt.after(300, 1_000, 900)).isEqualTo(20);
        assertThat(rtt.after(300, 1_000, 1_500)).isEqualTo(20);
    }

    @Test
    void pathThatBecameLongerIsBelievedAfterTwoWindows() {
        var rtt = new Lowest();
        rtt.after(20, 1_000, 0);
        rtt.after(90, 1_000, 1_100);

        assertThat(rtt.after(95, 1_000, 2_200)).isEqualTo(90);
        assertThat(rtt.after(95, 1_000, 9_000)).isEqualTo(95);
    }
}
