package mesh.daemon.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import mesh.daemon.fetch.Coverage.Range;
import org.junit.jupiter.api.Test;

class CoverageTest {
    private static final int SIZE = 64;

    @Test
    void rangesThatTouchBecomeOne() {
        var coverage = new Coverage();

        coverage.add(10, 20);
        coverage.add(30, 40);
        coverage.add(20, 30);

        assertThat(coverage.ranges()).containsExactly(new Range(10, 40));
        assertThat(coverage.firstGap(100, 50)).isEqualTo(new Range(0, 10));
        assertThat(coverage.isWhole(40)).isFalse();
    }

    /** Against a set of single bytes, which needs no thought. */
    @Test
    void anySequenceAgreesWithSingleBytes() {
        for (long seed = 0; seed < 300; seed++) {
            var chance = new Random(seed);
            var coverage = new Coverage();
            var bytes = new BitSet();
            for (int step = 0; step < 30; step++) {
                int from = chance.nextInt(SIZE);
                int to = from + chance.nextInt(SIZE - from + 1);
                boolean isAdded = chance.nextInt(3) > 0;
                if (isAdded) coverage.add(from, to);
                else coverage.remove(from, to);
                bytes.set(from, to, isAdded);

                var seen = new BitSet();
                for (Range range : coverage.ranges()) seen.set((int) range.from(), (int) range.to());
                assertThat(seen).as("seed %d", seed).isEqualTo(bytes);
                assertThat(coverage.bytes()).as("seed %d", seed).isEqualTo(bytes.cardinality());
                int gap = Math.min(SIZE, bytes.nextClearBit(0));
                assertThat(coverage.firstGap(SIZE, SIZE).from())
                        .as("seed %d", seed)
                        .isEqualTo(gap);
                int low = chance.nextInt(SIZE);
                int high = low + 1 + chance.nextInt(SIZE - low);
                Range within = coverage.gapWithin(low, high);
                int missing = Math.min(high, bytes.nextClearBit(low));
                assertThat(within.from()).as("seed %d", seed).isEqualTo(missing);
                assertThat(within.bytes() == 0).as("seed %d", seed).isEqualTo(missing == high);
                int next = bytes.nextSetBit(low);
                assertThat(coverage.overlaps(low, high)).as("seed %d", seed).isEqualTo(next >= 0 && next < high);
            }
        }
    }
}
