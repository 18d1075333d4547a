package mesh.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LowestTest {
    @Test
    void spikeChangesNothingWhileALowerValueIsRemembered() {
        var rtt = new Lowest(1_000);

        assertThat(rtt.after(20, 100)).isEqualTo(20);
        assertThat(rtt.after(300, 900)).isEqualTo(20);
        assertThat(rtt.after(300, 1_500)).isEqualTo(20);
    }

    @Test
    void pathThatBecameLongerIsBelievedAfterTwoWindows() {
        var rtt = new Lowest(1_000);
        rtt.after(20, 0);
        rtt.after(90, 1_100);

        assertThat(rtt.after(95, 2_200)).isEqualTo(90);
        assertThat(rtt.after(95, 9_000)).isEqualTo(95);
    }
}
