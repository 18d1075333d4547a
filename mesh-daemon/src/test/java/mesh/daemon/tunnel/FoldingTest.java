package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcTensor.graph;
import static mesh.daemon.tunnel.RpcTensor.recompute;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that is told sums computes and answers, bit for bit, what it would have with the terms. */
class FoldingTest {
    private static final long SEED = 20_261_121;
    private static final int FLOATS = 8;
    private static final int SLOT_BYTES = 4 * FLOATS;
    private static final int SLOTS = 8;
    private static final long BUFFER = 7;

    private static final int[] ODD = {
        0,
        0x8000_0000,
        1,
        0x8000_0001,
        0x007F_FFFF,
        0x0080_0000,
        0x8080_0000,
        0x7F80_0000,
        0xFF80_0000,
        0x7FC0_0001,
        0xFFC1_2345,
        0x7F80_0001,
        0x7F7F_FFFF,
        0xFF7F_FFFF
    };

    private final RpcTensor first = input("first", 0);
    private final RpcTensor second = input("second", 1);

    /** As llama.cpp lays it out: the sum takes its first term's place, and what follows the other's. */
    private final RpcTensor sum = node(TinyServer.ADD, 0, first, second);

    private final List<RpcTensor> adding = List.of(sum, node(TinyServer.NEGATE, 1, sum));

    private final List<Folding> open = new ArrayList<>();
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private final Folding folding = open(answer -> false);

    private Folding open(Predicate<ByteBuf> isHandedOn) {
        var fresh = new Folding(isHandedOn);
        open.add(fresh);
        return fresh;
    }

    @AfterEach
    void release() {
        open.forEach(Folding::release);
    }

    @Test
    void whateverIsSaidTheAnswersAreTheSame() {
        int folds = 0;
        for (int run = 0; run < 300; run++) {
            var random = new Random(SEED + run);
            boolean flushes = random.nextBoolean();
            var plain = new TinyServer(flushes);
            var folded = new TinyServer(flushes);
            heard.reset();
            byte[] said = new Talk(random).bytes();

            Folding fresh = open(answer -> false);
            for (int at = 0; at < said.length; ) {
                int count = Math.min(said.length - at, 1 + random.nextInt(random.nextBoolean() ? 20 : 2_000));
                say(fresh, Arrays.copyOfRange(said, at, at + count));
                at += count;
            }
            fresh.release();
            open.remove(fresh);
            plain.hear(said);
            folded.hear(heard.toByteArray());

            assertThat(folded.answers()).as("seed=%s", SEED + run).isEqualTo(plain.answers());
            folds += folded.nothings();
        }
        assertThat(folds).isGreaterThan(250);
    }

    @Test
    void termsOfALearnedSumAreSaidAsTheSumAndNothing() {
        learn();

        say(first.set(floats(1, 2, 3, 4, 5, 6, 7, 8)), second.set(floats(10, 20, 30, 40, 50, 60, 70, 80)));

        assertThat(heard.toByteArray())
                .isEqualTo(joined(
                        first.set(floats(11, 22, 33, 44, 55, 66, 77, 88)),
                        second.set(floats(-0f, -0f, -0f, -0f, -0f, -0f, -0f, -0f))));
    }

    @Test
    void sumIsSaidWhileItsSecondTermComes() {
        learn();
        byte[] other = second.set(floats(1, 1, 1, 1, 1, 1, 1, 1));

        say(first.set(floats(1, 2, 3, 4, 5, 6, 7, 8)), Arrays.copyOf(other, other.length - 4));

        assertThat(heard.size()).isEqualTo(other.length - 4);
    }

    @Test
    void graphThatSeesMoreThanTheSumIsToldTheTruthFirst() {
        learn();
        byte[] one = first.set(floats(1, 2, 3, 4, 5, 6, 7, 8));
        byte[] other = second.set(floats(1, 1, 1, 1, 1, 1, 1, 1));
        byte[] graph = graph(2, List.of(node(TinyServer.ADD, 2, first, second), node(TinyServer.NEGATE, 3, first)));
        say(one, other);
        heard.reset();

        say(graph);

        assertThat(heard.toByteArray()).isEqualTo(joined(one, other, graph));
    }

    @Test
    void graphOfWhichNothingIsKnownIsToldTheTruthFirst() {
        learn();
        byte[] one = first.set(floats(1, 2, 3, 4, 5, 6, 7, 8));
        byte[] other = second.set(floats(1, 1, 1, 1, 1, 1, 1, 1));
        byte[] unknown = recompute(77);
        byte[] tooLarge = request(10, new byte[Folding.GRAPH_BYTES_MAX + 100]);
        for (byte[] graph : List.of(unknown, tooLarge)) {
            learn();
            say(one, other);
            heard.reset();

            say(graph);

            assertThat(heard.toByteArray()).isEqualTo(joined(one, other, graph));
        }
    }

    @Test
    void whatTheGraphWroteOverIsNotToldAgain() {
        learn();
        say(first.set(floats(1, 2, 3, 4, 5, 6, 7, 8)), second.set(floats(1, 1, 1, 1, 1, 1, 1, 1)), recompute(1));
        heard.reset();
        byte[] read = joined(first.get(0, SLOT_BYTES), recompute(77));

        say(read);

        assertThat(heard.toByteArray()).isEqualTo(read);
    }

    @Test
    void firstTermThatIsFollowedByAnythingElseGoesOutAsItWasSaid() {
        byte[] one = first.set(floats(1, 2, 3, 4, 5, 6, 7, 8));
        for (byte[] next : List.of(one, input("third", 2).set(new byte[SLOT_BYTES]), recompute(1), request(99, one))) {
            learn();

            say(one, next);
            say(second.get(0, 4));

            assertThat(heard.toByteArray()).startsWith(joined(one, next));
        }
    }

    @Test
    void whatWaitsGoesOutWhenNothingFollows() {
        byte[] one = first.set(floats(1, 2, 3, 4, 5, 6, 7, 8));
        byte[] graph = graph(2, adding);
        for (byte[] said : List.of(
                one,
                Arrays.copyOf(one, one.length - 5),
                joined(one, Arrays.copyOf(graph, 20)),
                Arrays.copyOf(graph, graph.length - 1))) {
            Folding fresh = open(answer -> false);
            learn(fresh);

            say(fresh, said);
            fresh.end(this::hear);

            assertThat(heard.toByteArray()).isEqualTo(said);
        }
    }

    @Test
    void answerOfAnotherWorkerIsSaidAsItIs() {
        byte[] answer = floats(1, 2, 3, 4, 5, 6, 7, 8);
        Folding fresh = open(data -> data.equals(Unpooled.wrappedBuffer(answer)));
        learn(fresh);
        byte[] said = joined(first.set(answer), second.set(floats(1, 1, 1, 1, 1, 1, 1, 1)));

        say(fresh, said);

        assertThat(heard.toByteArray()).isEqualTo(said);
    }

    @Test
    void termsTooLargeToKeepAreSaidAsTheyAre() {
        int count = Folding.TERM_BYTES_MAX / 4 + 1;
        var large = new RpcTensor("first", BUFFER, 0, count);
        var other = new RpcTensor("second", BUFFER, 2 * count, count);
        byte[] said = joined(large.set(new byte[4 * count]), other.set(new byte[4 * count]));
        learn();

        say(said);

        assertThat(heard.size()).isEqualTo(said.length);
        assertThat(heard.toByteArray()).isEqualTo(said);
    }

    /** However it is cut: weights are not copied and nothing waits for them. */
    @Test
    void whatIsNoTermPassesAtOnceAndByReference() {
        learn();
        byte[] said = joined(
                input("weight", 3).set(new byte[SLOT_BYTES]),
                recompute(1),
                input("other", 4).set(new byte[64]));
        ByteBuf bytes = Unpooled.wrappedBuffer(said);
        var pieces = new ArrayList<byte[]>();

        folding.say(bytes, piece -> {
            if (piece.hasArray()) pieces.add(piece.array());
            return true;
        });

        assertThat(pieces).containsExactly(said);
        assertThat(pieces.getFirst()).isSameAs(said);
        assertThat(bytes.refCnt()).isEqualTo(1);
    }

    private void learn() {
        learn(folding);
    }

    private void learn(Folding fresh) {
        say(fresh, joined(first.set(new byte[SLOT_BYTES]), second.set(new byte[SLOT_BYTES]), graph(1, adding)));
        heard.reset();
    }

    private void say(byte[]... frames) {
        say(folding, joined(frames));
    }

    private void say(Folding fresh, byte[] said) {
        ByteBuf bytes = Unpooled.copiedBuffer(said);
        fresh.say(bytes, this::hear);
        assertThat(bytes.refCnt()).isEqualTo(1);
        bytes.release();
    }

    private boolean hear(ByteBuf piece) {
        var plain = new byte[piece.readableBytes()];
        piece.getBytes(piece.readerIndex(), plain);
        heard.writeBytes(plain);
        return true;
    }

    private static byte[] joined(byte[]... pieces) {
        var joined = new ByteArrayOutputStream();
        for (byte[] piece : pieces) joined.writeBytes(piece);
        return joined.toByteArray();
    }

    private static byte[] floats(float... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) bytes.putFloat(number);
        return bytes.array();
    }

    private static RpcTensor input(String name, int slot) {
        return new RpcTensor(name, BUFFER, slot * FLOATS, FLOATS);
    }

    private static RpcTensor node(int op, int slot, RpcTensor... sources) {
        return new RpcTensor("node", BUFFER, slot * FLOATS, FLOATS).does(1_000_000L + 10L * slot + op, op, sources);
    }

    /** Inputs, graphs old and new, and looks at the memory: mostly as a split goes, sometimes as none would. */
    private static final class Talk {
        private final Random random;
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();
        private final long buffer;
        private final RpcTensor one;
        private final RpcTensor other;
        private int graphs;

        Talk(Random random) {
            this.random = random;
            this.buffer = 1L + random.nextInt(2);
            int at = random.nextInt(SLOTS - 1);
            this.one = new RpcTensor("one", buffer, at * FLOATS, FLOATS);
            this.other = new RpcTensor("other", buffer, (at + 1) * FLOATS, FLOATS);
        }

        byte[] bytes() {
            for (int round = 0; round < 12; round++) {
                pair();
                if (random.nextInt(4) == 0) disturb();
                if (graphs == 0 || random.nextInt(3) == 0) said.writeBytes(graph(++graphs, nodes()));
                else said.writeBytes(recompute(random.nextBoolean() ? graphs : 1 + random.nextInt(graphs)));
                if (random.nextInt(3) == 0) disturb();
                if (random.nextInt(3) == 0) look();
            }
            for (long each = 1; each <= 2; each++)
                said.writeBytes(new RpcTensor("all", each, 0, SLOTS * FLOATS).get(0, SLOTS * SLOT_BYTES));
            return said.toByteArray();
        }

        /** Sometimes the other one first, sometimes not all of it, as it is with a shorter batch. */
        private void pair() {
            int floats = random.nextInt(3) == 0 ? 1 + random.nextInt(FLOATS) : FLOATS;
            var pair = new ArrayList<>(List.of(one.cut(floats), other.cut(floats)));
            if (random.nextInt(6) == 0) pair.add(pair.removeFirst());
            if (random.nextInt(8) == 0) pair.removeFirst();
            for (RpcTensor each : pair) said.writeBytes(each.set(numbers(each.floats())));
        }

        /** The sum, in place or not, alone or beside another look at its terms, and something behind it. */
        private List<RpcTensor> nodes() {
            var nodes = new ArrayList<RpcTensor>();
            if (random.nextInt(8) == 0) nodes.add(made(1, TinyServer.NEGATE, random.nextBoolean() ? one : any()));
            RpcTensor sum = random.nextBoolean()
                    ? made(2, one.at(), TinyServer.ADD, one, other)
                    : made(2, TinyServer.ADD, one, other);
            nodes.add(sum);
            nodes.add(made(3, TinyServer.NEGATE, sum));
            if (random.nextInt(4) == 0) nodes.add(made(4, TinyServer.NEGATE, random.nextBoolean() ? other : any()));
            if (random.nextInt(4) == 0) nodes.add(made(5, TinyServer.ADD, sum, any()));
            return nodes;
        }

        private RpcTensor made(long id, int op, RpcTensor... sources) {
            return made(id, random.nextInt(SLOTS) * FLOATS, op, sources);
        }

        private RpcTensor made(long id, int at, int op, RpcTensor... sources) {
            return new RpcTensor("made", buffer, at, FLOATS).does(id, op, sources);
        }

        /** Somewhere, across slots too. */
        private RpcTensor any() {
            return new RpcTensor("any", 1 + random.nextInt(2), random.nextInt((SLOTS - 1) * FLOATS), FLOATS);
        }

        private void disturb() {
            RpcTensor any = any();
            switch (random.nextInt(6)) {
                case 0 -> said.writeBytes(any.set(numbers(any.floats())));
                case 1 -> said.writeBytes(any.set(4, numbers(1 + random.nextInt(any.floats() - 1))));
                case 2 -> said.writeBytes(one.set(4L * random.nextInt(FLOATS), numbers(1)));
                case 3 -> {
                    RpcTensor from = any();
                    said.writeBytes(from.copyTo(any));
                }
                case 4 ->
                    said.writeBytes(request(
                            5,
                            ByteBuffer.allocate(9)
                                    .order(ByteOrder.LITTLE_ENDIAN)
                                    .putLong(1 + random.nextInt(2))
                                    .put((byte) random.nextInt(2))
                                    .array()));
                default -> said.writeBytes(request(12, any.said()));
            }
        }

        private void look() {
            RpcTensor looked = random.nextBoolean() ? any() : random.nextBoolean() ? one : other;
            int from = random.nextInt(FLOATS);
            said.writeBytes(looked.get(4L * from, 4L * (1 + random.nextInt(FLOATS - from))));
        }

        private byte[] numbers(int count) {
            ByteBuffer numbers = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
            boolean isOdd = random.nextInt(3) == 0;
            for (int i = 0; i < count; i++) {
                if (isOdd && random.nextInt(3) == 0) numbers.putInt(ODD[random.nextInt(ODD.length)]);
                else numbers.putFloat((float) random.nextGaussian());
            }
            return numbers.array();
        }
    }
}
