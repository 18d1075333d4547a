package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Every fault at once, many seeds. A failing seed is replayed alone with {@code mesh sim --seed S --nodes 100}; once
 * understood it becomes a scenario of its own. Larger meshes: {@code mesh sim --nodes 1000 --seeds 5}.
 */
class ChaosSim {
    private static final long TROUBLE_MILLIS = 15_000;

    @Test
    void hundredNodesComeThroughTwoHundredStorms() {
        assertThat(failures(100, 200, TROUBLE_MILLIS)).isEmpty();
    }

    @Test
    void smallMeshesComeThroughAsWell() {
        for (int nodes = 2; nodes <= 12; nodes++)
            assertThat(failures(nodes, 40, TROUBLE_MILLIS)).isEmpty();
    }

    private static List<String> failures(int nodes, int seeds, long troubleMillis) {
        return LongStream.rangeClosed(1, seeds)
                .parallel()
                .mapToObj(seed -> Trial.run(nodes, seed, troubleMillis))
                .filter(verdict -> !verdict.isGood())
                .map(Verdict::toString)
                .toList();
    }
}
