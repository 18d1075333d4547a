package mesh.daemon.route;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import org.junit.jupiter.api.Test;

class PacesTest {
    private static final NodeId HOST = NodeId.of(new byte[NodeId.BYTES]);
    private static final ModelRef MODEL = new ModelRef("m");

    private final Paces paces = new Paces();

    @Test
    void patienceIsTheHostsOwnNinetyFifthPercentile() {
        for (int i = 1; i <= 19; i++) paces.answered(HOST, MODEL, 500);
        assertThat(paces.patienceMillis(HOST, MODEL)).isZero();

        for (int i = 0; i < 64; i++) paces.answered(HOST, MODEL, i < 60 ? 200 : 5_000);

        assertThat(paces.patienceMillis(HOST, MODEL)).isEqualTo(201);
        assertThat(paces.patienceMillis(HOST, new ModelRef("other"))).isZero();
    }

    @Test
    void companyHasABudgetThatAnswersFill() {
        int asked = 0;
        while (paces.pays()) asked++;
        for (int i = 0; i < 20; i++) paces.answered(HOST, MODEL, 1);

        assertThat(asked).isEqualTo(64);
        assertThat(paces.pays()).isTrue();
    }
}
