package mesh.core.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes between a split's host and its workers, and what does not. */
class ConversationTest {
    private static final int MAJOR = 8;
    private static final RpcLimits LIMITS = new RpcLimits(MAJOR, 1 << 20);
    private static final int TENSOR = 296;
    private static final long SEED = 20_261_121;

    @Test
    void numbersOfCommandsAreTheirPlaces() {
        for (Command command : Command.values())
            assertThat(Command.of(command.number())).contains(command);
        assertThat(Command.of(Command.values().length)).isEmpty();
    }

    /** However the bytes are cut, the same talk passes whole and leaves nothing half said. */
    @Test
    void everyCutOfAnHonestTalkPasses() {
        for (int run = 0; run < 300; run++) {
            var random = new Random(SEED + run);
            var talk = Talk.random(random);
            var conversation = new Conversation(LIMITS);

            boolean whole = talk.pass(conversation, random);

            assertThat(whole)
                    .as("seed=%s fault=%s", SEED + run, conversation.fault())
                    .isTrue();
            assertThat(conversation.requests().isBetweenFrames()).isTrue();
            assertThat(conversation.replies().isBetweenFrames()).isTrue();
        }
    }

    /** A token's data is nothing to act upon before it is computed with. */
    @Test
    void onlyWhatIsWholeAndWorkIsDue() {
        var conversation = greeted();
        byte[] data = request(Command.SET_TENSOR.number(), new byte[TENSOR + 9 + 40]);
        byte[] compute = request(Command.GRAPH_RECOMPUTE.number(), new byte[12]);
        byte[] answer = answer(40);

        assertThat(says(conversation, data)).isTrue();
        assertThat(conversation.requests().isDue()).isFalse();
        assertThat(feed(conversation.requests(), compute, 0, 20)).isTrue();
        assertThat(conversation.requests().isDue()).isFalse();
        assertThat(feed(conversation.requests(), compute, 20, 21)).isTrue();
        assertThat(conversation.requests().isDue()).isTrue();
        assertThat(says(conversation, request(Command.GET_TENSOR.number(), getTensor(40))))
                .isTrue();
        assertThat(conversation.requests().isDue()).isTrue();
        assertThat(feed(conversation.replies(), answer, 0, 8)).isTrue();
        assertThat(conversation.replies().isDue()).isFalse();
        assertThat(feed(conversation.replies(), answer, 8, answer.length)).isTrue();
        assertThat(conversation.replies().isDue()).isTrue();
    }

    @Test
    void firstFaultStaysAndNothingMorePasses() {
        var conversation = greeted();

        assertThat(says(conversation, request(99, new byte[0]))).isFalse();
        var fault = conversation.fault();

        assertThat(says(conversation, request(15, new byte[0]))).isFalse();
        assertThat(fault).contains("command 99 is not allowed");
        assertThat(conversation.fault()).isEqualTo(fault);
    }

    /** They make a worker listen on all addresses, or connect to one of the peer's choice. */
    @ParameterizedTest
    @ValueSource(ints = {20, 21, 22, 23, 127, 255})
    void commandsBetweenServersAndUnknownOnesAreRefused(int number) {
        var conversation = greeted();

        assertThat(says(conversation, request(number, new byte[80]))).isFalse();
        assertThat(conversation.fault()).contains("command " + number + " is not allowed");
    }

    @Test
    void nothingComesBeforeHelloAndHelloComesOnce() {
        var early = new Conversation(LIMITS);
        var twice = greeted();

        assertThat(says(early, request(15, new byte[0]))).isFalse();
        assertThat(says(twice, request(14, new byte[24]))).isFalse();
        assertThat(early.fault()).contains("DEVICE_COUNT before HELLO");
        assertThat(twice.fault()).contains("HELLO again");
    }

    @Test
    void serverOfAnotherMajorVersionIsRefused() {
        var conversation = new Conversation(LIMITS);
        says(conversation, request(14, new byte[24]));

        assertThat(answers(conversation, hello(MAJOR - 1))).isFalse();
        assertThat(conversation.fault()).contains("server speaks version 7, expected 8");
    }

    @ParameterizedTest
    @EnumSource(Command.class)
    void sizeThatNoClientOfOursSendsIsRefusedFromTheHeaderAlone(Command command) {
        var short1 = command == Command.HELLO ? new Conversation(LIMITS) : greeted();
        var huge = command == Command.HELLO ? new Conversation(LIMITS) : greeted();

        boolean shortPasses = command.headBytes() == 0 || says(short1, header(command, command.headBytes() - 1));
        boolean hugePasses = says(huge, header(command, 1L << 45));

        assertThat(hugePasses).isFalse();
        assertThat(shortPasses).isEqualTo(command.headBytes() == 0);
    }

    @Test
    void negativeSizeIsRefused() {
        var conversation = greeted();

        assertThat(says(conversation, header(Command.SET_TENSOR, -1))).isFalse();
    }

    @Test
    void bufferLargerThanTheLeaseIsRefused() {
        var conversation = greeted();
        var payload = little(12).putInt(0).putLong((1 << 20) + 1).array();

        assertThat(says(conversation, request(0, payload))).isFalse();
        assertThat(conversation.fault()).contains("ALLOC_BUFFER asks for 1048577 bytes, lent=1048576");
    }

    /** Each buffer for itself would pass. */
    @Test
    void buffersTogetherMayHoldWhatIsLentOverAllConnectionsAndNoMore() {
        var buffers = new Buffers(1 << 20);
        var first = greeted(buffers);
        var second = greeted(buffers);
        says(first, alloc(600_000));
        answers(first, allocated(1));
        says(first, alloc(300_000));
        answers(first, allocated(0));
        boolean fits = says(second, alloc(400_000));

        assertThat(fits).isTrue();
        assertThat(says(first, alloc(100_000))).isFalse();
        assertThat(first.fault().orElseThrow()).contains("ALLOC_BUFFER of 100000 bytes beside 1000000, lent=1048576");
        first.end();
        assertThat(buffers.heldBytes()).isEqualTo(400_000);
        assertThat(says(second, alloc(600_000))).isTrue();
    }

    @Test
    void freedBufferMayBeAllocatedAgainAndOnlyOnce() {
        var buffers = new Buffers(1 << 20);
        var conversation = greeted(buffers);
        for (int i = 1; i <= 100; i++) {
            assertThat(says(conversation, alloc(1_000_000))).isTrue();
            answers(conversation, allocated(i));
            says(conversation, request(4, little(8).putLong(i).array()));
        }
        says(conversation, alloc(1_000_000));
        answers(conversation, allocated(7));
        for (int i = 8; i < 20; i++)
            says(conversation, request(4, little(8).putLong(i).array()));

        assertThat(buffers.heldBytes()).isEqualTo(1_000_000);
        assertThat(says(conversation, alloc(1_000_000))).isFalse();
    }

    /** They cost the server something too. */
    @Test
    void emptyBuffersComeToAnEnd() {
        var conversation = greeted(new Buffers(1 << 20));
        int count = 0;
        while (count < 100_000 && says(conversation, alloc(0))) answers(conversation, allocated(++count));

        assertThat(count).isEqualTo((1 << 20) / 4_096);
    }

    /** Whatever a hostile host and a damaged server say, what is held is never more than lent and never less than nothing. */
    @Test
    void accountOfBuffersHoldsUnderFuzzing() {
        for (int run = 0; run < 500; run++) {
            var random = new Random(SEED + run);
            var buffers = new Buffers(1 << 20);
            var talks = List.of(greeted(buffers), greeted(buffers), greeted(buffers));
            for (int i = 0; i < 60; i++) {
                Conversation talk = talks.get(random.nextInt(talks.size()));
                if (talk.fault().isPresent()) continue;
                switch (random.nextInt(5)) {
                    case 0, 1 -> says(talk, alloc(random.nextLong() >>> random.nextInt(40, 64)));
                    case 2 -> answers(talk, allocated(random.nextInt(4)));
                    case 3 ->
                        says(
                                talk,
                                request(4, little(8).putLong(random.nextInt(4)).array()));
                    default -> talk.end();
                }

                assertThat(buffers.heldBytes()).as("seed=%s", SEED + run).isBetween(0L, 1L << 20);
            }
            talks.forEach(Conversation::end);
            assertThat(buffers.heldBytes()).as("seed=%s", SEED + run).isZero();
        }
    }

    private static byte[] alloc(long bytes) {
        return request(0, little(12).putInt(0).putLong(bytes).array());
    }

    private static byte[] allocated(long address) {
        return little(24).putLong(16).putLong(address).putLong(0).array();
    }

    @Test
    void answerOfATensorIsKnownByItsName() {
        var conversation = greeted();
        byte[] asked = getTensor(100);
        byte[] name = "l_out-7".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        System.arraycopy(name, 0, asked, 228, name.length);
        says(conversation, request(8, asked));

        feed(conversation.replies(), answer(100), 0, 8);

        assertThat(conversation.read()).contains(new Conversation.Read("l_out-7", 100));
    }

    @Test
    void answerMustMeasureWhatWasAskedFor() {
        var conversation = greeted();
        says(conversation, request(8, getTensor(100)));

        assertThat(answers(conversation, answer(101))).isFalse();
        assertThat(conversation.fault()).contains("answer of 101 bytes to GET_TENSOR");
    }

    @Test
    void answerToNothingIsRefused() {
        var conversation = greeted();
        says(conversation, request(4, new byte[8]));

        assertThat(answers(conversation, answer(0))).isFalse();
        assertThat(conversation.fault()).contains("answer of 0 bytes to nothing");
    }

    @Test
    void askerWhoNeverReadsIsRefused() {
        var conversation = greeted();
        byte[] ask = request(15, new byte[0]);
        int asked = 0;
        while (asked < 100_000 && says(conversation, ask)) asked++;

        assertThat(asked).isEqualTo(4_096);
    }

    /** Data behind it, and the next head, are not taken with it. */
    @Test
    void headIsSeenToItsEndAndNoFurther() {
        var conversation = greeted();
        byte[] first = request(6, new byte[TENSOR + 9 + 50]);
        byte[] second = request(15, new byte[0]);
        var bytes = ByteBuffer.allocate(first.length + 2 * second.length);
        bytes.put(first).put(second).put(second).flip();
        Conversation.Direction way = conversation.requests();

        way.see(bytes.limit(7));
        assertThat(way.isInHead()).isTrue();
        assertThat(way.head()).isEqualTo(ByteBuffer.wrap(first, 0, 7));
        way.see(bytes.limit(bytes.capacity()));

        assertThat(bytes.position()).isEqualTo(9 + TENSOR + 9);
        assertThat(way.isInHead()).isFalse();
        assertThat(way.head()).isEqualTo(ByteBuffer.wrap(first, 0, 9 + TENSOR + 9));
        assertThat(way.unseenBytes()).isEqualTo(50);
        way.passed(50);
        way.see(bytes.position(first.length));
        assertThat(bytes.position()).isEqualTo(first.length + second.length);
        assertThat(way.isBetweenFrames()).isTrue();
        assertThat(way.head()).isEqualTo(ByteBuffer.wrap(second));
    }

    /** Garbage, damaged talks and damaged answers are refused or pass as data; they never throw and never run away. */
    @Test
    void fuzzedBytesNeverThrow() {
        for (int run = 0; run < 3_000; run++) {
            var random = new Random(SEED + run);
            var talk = Talk.random(random).damaged(random);
            var conversation = new Conversation(LIMITS);

            boolean whole = talk.pass(conversation, random);

            assertThat(whole)
                    .as("seed=%s", SEED + run)
                    .isEqualTo(conversation.fault().isEmpty());
        }
    }

    private static Conversation greeted() {
        return greeted(Buffers.unbounded());
    }

    private static Conversation greeted(Buffers buffers) {
        var conversation = new Conversation(LIMITS, buffers);
        says(conversation, request(14, new byte[24]));
        answers(conversation, hello(MAJOR));
        return conversation;
    }

    private static boolean says(Conversation conversation, byte[] bytes) {
        return feed(conversation.requests(), bytes, 0, bytes.length);
    }

    private static boolean answers(Conversation conversation, byte[] bytes) {
        return feed(conversation.replies(), bytes, 0, bytes.length);
    }

    private static boolean feed(Conversation.Direction way, byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (way.unseenBytes() > 0) {
                int skipped = (int) Math.min(way.unseenBytes(), to - at);
                way.passed(skipped);
                at += skipped;
            } else {
                var next = ByteBuffer.wrap(bytes, at, to - at);
                if (!way.see(next)) return false;
                at = next.position();
            }
        }
        return true;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] header(Command command, long payloadBytes) {
        return little(9).put((byte) command.number()).putLong(payloadBytes).array();
    }

    private static byte[] request(int command, byte[] payload) {
        return little(9 + payload.length)
                .put((byte) command)
                .putLong(payload.length)
                .put(payload)
                .array();
    }

    private static byte[] answer(int bytes) {
        return little(8 + bytes).putLong(bytes).array();
    }

    private static byte[] hello(int major) {
        return little(8 + 28).putLong(28).put((byte) major).array();
    }

    private static byte[] getTensor(long bytes) {
        return little(TENSOR + 16).position(TENSOR).putLong(0).putLong(bytes).array();
    }

    /** Both sides of a connection: requests and, after each, what has come back by then. */
    private record Talk(List<byte[]> requests, List<byte[]> answers) {
        static Talk random(Random random) {
            var requests = new ArrayList<>(List.of(request(14, new byte[24])));
            var answers = new ArrayList<>(List.of(hello(MAJOR)));
            int count = random.nextInt(30);
            for (int i = 0; i < count; i++) {
                switch (random.nextInt(8)) {
                    case 0 -> add(requests, answers, request(15, new byte[0]), answer(4));
                    case 1 -> add(requests, answers, request(8, getTensor(i * 40L)), answer(i * 40));
                    case 2 -> add(requests, answers, request(6, new byte[TENSOR + 9 + random.nextInt(5_000)]));
                    case 3 -> add(requests, answers, request(10, new byte[16 + random.nextInt(9_000)]));
                    case 4 -> add(requests, answers, request(16, new byte[12]));
                    case 5 -> add(requests, answers, request(13, new byte[4 + 11 * TENSOR]), answer(8));
                    case 6 -> add(requests, answers, request(7, new byte[TENSOR + 16]), answer(1));
                    default -> add(requests, answers, request(12, new byte[TENSOR]));
                }
            }
            return new Talk(requests, answers);
        }

        private static void add(List<byte[]> requests, List<byte[]> answers, byte[] request, byte... answer) {
            requests.add(request);
            answers.add(answer);
        }

        Talk damaged(Random random) {
            var hit = new Talk(new ArrayList<>(requests), new ArrayList<>(answers));
            List<byte[]> side = random.nextBoolean() ? hit.requests : hit.answers;
            int at = random.nextInt(side.size());
            byte[] bytes = side.get(at).clone();
            if (random.nextBoolean()) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            for (int i = 0; i < 4 && bytes.length > 0; i++)
                bytes[random.nextInt(Math.min(bytes.length, 320))] = (byte) random.nextInt();
            side.set(at, bytes);
            return hit;
        }

        boolean pass(Conversation conversation, Random random) {
            for (int i = 0; i < requests.size(); i++)
                if (!pieces(conversation.requests(), requests.get(i), random)
                        || !pieces(conversation.replies(), answers.get(i), random)) return false;
            return true;
        }

        private static boolean pieces(Conversation.Direction way, byte[] bytes, Random random) {
            for (int at = 0; at < bytes.length; ) {
                int end = Math.min(bytes.length, at + 1 + random.nextInt(700));
                if (!feed(way, bytes, at, end)) return false;
                at = end;
            }
            return true;
        }
    }
}
