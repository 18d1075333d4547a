package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A boot storm: a thousand nodes come through one door in the same instant. */
class ThousandJoinAtOnceSim {
    @Test
    void everybodyKnowsEverybodySoon() {
        var mesh = Simulation.of(1_000).seed(61).build();

        mesh.startAllThrough(0);

        assertThat(mesh.converge(10_000)).isPositive();
    }
}
