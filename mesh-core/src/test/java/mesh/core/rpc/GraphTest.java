package mesh.core.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which inputs of a graph are nothing but the terms of a sum, and what else it does with memory. */
class GraphTest {
    private static final int TENSOR = 296;
    private static final int FLOATS = 8;
    private static final int BYTES = FLOATS * Float.BYTES;
    private static final long BUFFER = 77;
    private static final long FIRST_AT = 0x1000;
    private static final long SECOND_AT = 0x2000;
    private static final long OTHER_AT = 0x3000;
    private static final int ADD = 2;
    private static final int NORM = 25;
    private static final long SEED = 20_261_121;

    private final Described first = new Described(1, "first", FIRST_AT);
    private final Described second = new Described(2, "second", SECOND_AT);

    /** As llama.cpp lays it out: the sum takes the place of its first term. */
    private final Described sum = new Described(3, "sum", FIRST_AT).does(ADD, 1, 2);

    private final Described norm = new Described(4, "norm", SECOND_AT).does(NORM, 3);
    private final List<Described> nodes = new ArrayList<>();
    private final List<Described> inputs = new ArrayList<>();

    @BeforeEach
    void addThenGoOn() {
        nodes.addAll(List.of(sum, norm));
        inputs.addAll(List.of(first, second));
    }

    @Test
    void inputsThatAreOnlyAddedAreASum() {
        Graph graph = graph();

        assertThat(graph.sums()).hasSize(1);
        assertThat(graph.sums().getFirst().first().name()).isEqualTo("first");
        assertThat(graph.sums().getFirst().second().name()).isEqualTo("second");
        assertThat(graph.adds(area(SECOND_AT), area(FIRST_AT))).isTrue();
        assertThat(graph.adds(area(FIRST_AT), area(OTHER_AT))).isFalse();
        assertThat(graph.reads(area(SECOND_AT))).isTrue();
        assertThat(graph.reads(area(OTHER_AT))).isFalse();
        assertThat(graph.written()).containsExactly(area(FIRST_AT), area(SECOND_AT));
    }

    @Test
    void inputThatIsReadBesideTheSumIsNoTerm() {
        norm.source(1, 2);

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void inputThatIsAddedToItselfIsNoSum() {
        sum.source(1, 1);

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void inputThatIsShownElsewhereIsNoTerm() {
        inputs.add(new Described(5, "shown", SECOND_AT).with(said -> said.putLong(204, 2)));

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void inputWithWhichAnotherSharesMemoryIsNoTerm() {
        inputs.add(new Described(5, "other", SECOND_AT + BYTES - 4));

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void inputThatIsOverwrittenBeforeItIsAddedIsNoTerm() {
        nodes.addFirst(new Described(5, "early", SECOND_AT - 4).does(NORM, 6));
        inputs.add(new Described(6, "weight", OTHER_AT));

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void sumThatStandsAcrossATermIsNone() {
        sum.with(said -> said.putLong(220, FIRST_AT + 4));

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void resultsOfTheSameGraphAreNoTerms() {
        nodes.addFirst(second.does(NORM, 5));
        inputs.remove(second);
        inputs.add(new Described(5, "weight", OTHER_AT));

        assertThat(graph().sums()).isEmpty();
    }

    @Test
    void termsOfOtherTypesShapesAndStridesAreNone() {
        for (Consumer<ByteBuffer> odd : List.<Consumer<ByteBuffer>>of(
                said -> said.putInt(8, 1),
                said -> said.putInt(20, FLOATS / 2),
                said -> said.putInt(24, 2),
                said -> said.putInt(36, 8),
                said -> said.putInt(40, BYTES * 2),
                said -> said.putInt(52, NORM),
                said -> said.putLong(12, 0),
                said -> said.putLong(220, -BYTES))) {
            var before = second.said.clone();
            second.with(odd);

            assertThat(graph().sums()).isEmpty();
            second.with(said -> said.put(0, before));
        }
    }

    /** On some devices every buffer has the same addresses. */
    @Test
    void equalAddressesOfAnotherBufferAreOtherMemory() {
        inputs.add(new Described(5, "weight", SECOND_AT).with(said -> said.putLong(12, BUFFER + 1)));

        assertThat(graph().sums()).hasSize(1);
        assertThat(graph().reads(new Area(BUFFER + 1, SECOND_AT, SECOND_AT + 1)))
                .isTrue();
    }

    @Test
    void inputOfUnknownSizeReachesToTheEndOfItsBuffer() {
        inputs.add(new Described(5, "quantized", SECOND_AT + 3 * BYTES).with(said -> said.putInt(8, 12)));

        Graph graph = graph();

        assertThat(graph.sums()).hasSize(1);
        assertThat(graph.reads(area(1L << 50))).isTrue();
    }

    /** It is only remembered then, and what stood there stands there still. */
    @Test
    void resultThatIsNotComputedIsNotWritten() {
        norm.with(said -> said.putInt(120, 0).putLong(220, OTHER_AT));

        Graph graph = graph();

        assertThat(graph.sums()).hasSize(1);
        assertThat(graph.written()).containsExactly(area(FIRST_AT));
        assertThat(graph.reads(area(OTHER_AT))).isTrue();
    }

    @Test
    void termWhoseMemoryMayStayAsItWasIsNone() {
        norm.with(said -> said.putInt(120, 0));
        assertThat(graph().sums()).isEmpty();

        norm.with(said -> said.putInt(120, 16));
        assertThat(graph().sums()).hasSize(1);

        sum.with(said -> said.putInt(120, 0));
        assertThat(graph().sums()).isEmpty();
    }

    /** It would see what stood there before. */
    @Test
    void resultThatIsUsedBeforeItIsComputedIsInNoGraph() {
        nodes.addFirst(nodes.removeLast());

        assertThat(Graph.read(ByteBuffer.wrap(payload()))).isEmpty();
    }

    @Test
    void graphIsKnownByDeviceAndNumber() {
        byte[] payload = payload();

        assertThat(Graph.Name.of(ByteBuffer.wrap(payload))).isEqualTo(new Graph.Name(3, 24));
        assertThat(Graph.Name.of(ByteBuffer.wrap(Arrays.copyOf(payload, 12)))).isEqualTo(new Graph.Name(3, 24));
    }

    @Test
    void whateverIsNotLaidOutSoIsNoGraph() {
        byte[] payload = payload();
        for (int bytes = 0; bytes < payload.length; bytes++)
            assertThat(Graph.read(ByteBuffer.wrap(payload, 0, bytes))).isEmpty();
        assertThat(Graph.read(ByteBuffer.wrap(Arrays.copyOf(payload, payload.length + 1))))
                .isEmpty();

        norm.source(0, 99);
        assertThat(Graph.read(ByteBuffer.wrap(payload()))).isEmpty();
        norm.source(0, 1);
        inputs.add(second);
        assertThat(Graph.read(ByteBuffer.wrap(payload()))).isEmpty();
    }

    @Test
    void damagedGraphsAreReadWithoutHarm() {
        byte[] payload = payload();
        var random = new Random(SEED);
        for (int run = 0; run < 2_000; run++) {
            byte[] damaged = payload.clone();
            for (int i = 0; i < 4; i++) damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();

            Graph.read(ByteBuffer.wrap(damaged))
                    .ifPresent(graph -> assertThat(graph.sums()).hasSizeLessThan(2));
        }
    }

    /** Whatever adds the two that are said gets, bit for bit, what it had got from the two that were meant. */
    @Test
    void termsSaidAddUpToTheSameBits() {
        var random = new Random(SEED);
        int[] odd = {
            0,
            0x8000_0000,
            1,
            0x8000_0001,
            0x007F_FFFF,
            0x0080_0000,
            0x7F80_0000,
            0xFF80_0000,
            0x7FC0_0001,
            0xFFC1_2345,
            0x7F80_0001,
            0x7F7F_FFFF,
            0xFF7F_FFFF,
            0x3F80_0000,
            0xBF80_0000
        };
        int zeros = 0;
        for (int run = 0; run < 100_000; run++) {
            int one = random.nextInt(3) == 0 ? odd[random.nextInt(odd.length)] : random.nextInt();
            int other = random.nextInt(3) == 0 ? odd[random.nextInt(odd.length)] : random.nextInt();
            if (run % 2 == 0) other = (one & 0xFF00_0000) | (other & 0x00FF_FFFF);

            int first = Terms.first(one, other);
            int second = Terms.second(one, other);

            // A NaN's bits are the machine's, so only the same two terms will do.
            if (first == one && second == other) continue;
            assertThat(second).isEqualTo(0x8000_0000);
            assertThat(Float.isNaN(Float.intBitsToFloat(first))).isFalse();
            assertThat(bits(first, second)).isEqualTo(bits(one, other));
            zeros++;
        }
        assertThat(zeros).isGreaterThan(50_000);
    }

    private static int bits(int one, int other) {
        return Float.floatToRawIntBits(Float.intBitsToFloat(one) + Float.intBitsToFloat(other));
    }

    private static Area area(long from) {
        return new Area(BUFFER, from, from + BYTES);
    }

    private Graph graph() {
        return Graph.read(ByteBuffer.wrap(payload())).orElseThrow();
    }

    private byte[] payload() {
        var tensors = new ArrayList<>(inputs);
        tensors.addAll(nodes);
        var payload = ByteBuffer.allocate(20 + 8 * nodes.size() + TENSOR * tensors.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(3)
                .putLong(24)
                .putInt(nodes.size());
        for (Described node : nodes) payload.putLong(node.id);
        payload.putInt(tensors.size());
        for (Described tensor : tensors) payload.put(tensor.said);
        return payload.array();
    }

    /** A row of floats, unless changed. */
    private static final class Described {
        final long id;
        final byte[] said = new byte[TENSOR];

        Described(long id, String name, long at) {
            this.id = id;
            with(bytes -> bytes.putLong(0, id)
                    .putLong(12, BUFFER)
                    .putInt(20, FLOATS)
                    .putInt(24, 1)
                    .putInt(28, 1)
                    .putInt(32, 1)
                    .putInt(36, Float.BYTES)
                    .putInt(40, BYTES)
                    .putInt(44, BYTES)
                    .putInt(48, BYTES)
                    .putLong(220, at)
                    .put(228, name.getBytes(StandardCharsets.US_ASCII)));
        }

        Described with(Consumer<ByteBuffer> change) {
            change.accept(ByteBuffer.wrap(said).order(ByteOrder.LITTLE_ENDIAN));
            return this;
        }

        Described does(int op, long... sources) {
            for (int i = 0; i < sources.length; i++) source(i, sources[i]);
            return with(bytes -> bytes.putInt(52, op).putInt(120, 16));
        }

        void source(int index, long source) {
            with(bytes -> bytes.putLong(124 + 8 * index, source));
        }
    }
}
