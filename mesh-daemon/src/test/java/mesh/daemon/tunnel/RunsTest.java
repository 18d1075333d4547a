package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcFrames.setTensor;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data that repeats a word is said as that word and a count, and nothing else is lost or looked for. */
class RunsTest {
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 26);
    private static final int READ_BYTES = 64 << 10;
    private static final long SEED = 1_912;

    private final RpcEnds ends = new RpcEnds(LIMITS, Optional.empty(), Optional.empty());

    @AfterEach
    void release() {
        ends.release();
    }

    /** A run may only be missed by being shorter than is worth it. */
    @Test
    void everyRunIsFoundFromItsFirstByteToItsLast() {
        for (int round = 0; round < 500; round++) {
            var random = new Random(SEED + round);
            byte[] data = new byte[64 + random.nextInt(4_000)];
            random.nextBytes(data);
            for (int i = 8; i < data.length; i++) if (random.nextInt(100) > 2) data[i] = data[i - 8];
            var runs = new Runs();
            runs.begin();

            int at = 0;
            while (runs.next(ByteBuffer.wrap(data), at, data.length)) {
                assertThat(runs.from()).as("seed=%s", SEED + round).isGreaterThanOrEqualTo(at);
                assertThat(equalBytes(data, runs.from())).isEqualTo(runs.to() - runs.from());
                assertThat(longest(data, at, runs.from())).isLessThan(Runs.BYTES_MIN);
                at = runs.to();
            }

            assertThat(longest(data, at, data.length))
                    .as("seed=%s", SEED + round)
                    .isLessThan(Runs.BYTES_MIN);
        }
    }

    /** Nobody pays for looking through activations. */
    @Test
    void dataThatBeginsWithoutARunIsNotLookedAtFurther() {
        byte[] data = new byte[20_000];
        new Random(SEED).nextBytes(data);
        Arrays.fill(data, 8_000, 20_000, (byte) 0);
        var runs = new Runs();
        runs.begin();

        assertThat(runs.next(ByteBuffer.wrap(data), 0, data.length)).isFalse();
        assertThat(runs.next(ByteBuffer.wrap(data), 8_000, data.length)).isFalse();
    }

    /** The first one, and one that differs from it in every row. */
    @Test
    void maskOfABatchIsAFewPerCentOfItself() {
        greet();
        for (int seen : new int[] {0, 512}) {
            var mask = ByteBuffer.allocate(512 * 1_024 * 2).order(ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < 512; row++) RpcFrames.mask(mask, seen + row + 1, 1_024);
            ends.sentBytes = 0;

            ends.say(setTensor("mask", 0, mask.array()), READ_BYTES, new Random(SEED));

            assertThat(ends.sentBytes).as("seen=%s", seen).isLessThan(mask.capacity() * 2L / 100);
        }
    }

    @Test
    void maskOfATokenIsTwoNotes() {
        greet();
        var mask = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        RpcFrames.mask(mask, 101, 256);
        byte[] said = setTensor("mask", 0, mask.array());
        int headBytes = said.length - 512;
        ends.say(Arrays.copyOf(said, headBytes));
        long before = ends.sentBytes;

        ends.say(Arrays.copyOfRange(said, headBytes, said.length));

        assertThat(ends.sentBytes - before).isEqualTo(2 * (Carrier.RECORD_HEAD_BYTES + ShortNote.Run.BYTES));
    }

    /** A sum is sent, and as its other part this. */
    @Test
    void fourMebibytesOfNegativeZerosAreSomeHundredBytes() {
        greet();
        var zeros = ByteBuffer.allocate(4 << 20).order(ByteOrder.LITTLE_ENDIAN);
        while (zeros.hasRemaining()) zeros.putFloat(-0.0f);
        byte[] said = setTensor("sum", 0, zeros.array());

        for (int at = 0; at < said.length; at += READ_BYTES)
            ends.say(Arrays.copyOfRange(said, at, Math.min(said.length, at + READ_BYTES)));

        assertThat(ends.sentBytes).isLessThan(1_500);
        assertThat(ends.heardBytes()).isGreaterThan(4 << 20);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, ShortNote.NAMED_BYTES_MAX + 1, Integer.MAX_VALUE, 1_001})
    void runThatIsNoDataOrTooLongIsRefused(int count) {
        greet();
        byte[] said = setTensor("mask", 0, new byte[1_000]);
        ends.worker.in(Unpooled.wrappedBuffer(said, 0, said.length - 1_000), ByteBuf::release);

        boolean passes = ends.worker.note(ShortNote.RUN, run(count), ByteBuf::release);

        assertThat(passes).isFalse();
        assertThat(ends.worker.fault()).isPresent();
    }

    /** Else a host could say a command that nobody looks at. */
    @Test
    void runWhereACommandIsDueIsRefused() {
        var worker = RpcCarrier.worker(new Conversation(LIMITS), Optional.empty(), RpcEnds.handing());

        assertThat(worker.note(ShortNote.RUN, run(64), ByteBuf::release)).isFalse();
        assertThat(worker.fault().orElseThrow()).contains("no data");
    }

    private void greet() {
        ends.say(request(14, new byte[24]));
        ends.sentBytes = 0;
    }

    private static ByteBuf run(int count) {
        return Unpooled.buffer().writeInt(count).writeLong(0);
    }

    private static int longest(byte[] data, int from, int to) {
        int longest = 0;
        byte[] part = Arrays.copyOfRange(data, from, to);
        for (int at = 0; at + 8 <= part.length; at++) longest = Math.max(longest, equalBytes(part, at));
        return longest;
    }

    /** How long the word repeats that begins there. */
    private static int equalBytes(byte[] data, int from) {
        int to = from + 8;
        while (to < data.length && data[to] == data[to - 8]) to++;
        return to - from;
    }
}
