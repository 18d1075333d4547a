package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.TENSOR;
import static mesh.daemon.tunnel.RpcFrames.getTensor;
import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcFrames.setTensor;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.core.rpc.Buffers;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What stands before the data of a request is said once, however it is cut, and means no more when it is named. */
class HeadsTest {
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 20);
    private static final int SET_BYTES = 9 + TENSOR + 9;
    private static final long SEED = 314;

    private final Random random = new Random(SEED);
    private final RpcEnds ends = new RpcEnds(LIMITS, Optional.empty(), Optional.empty());

    @AfterEach
    void release() {
        ends.release();
    }

    /** The activations of a token are all it has that is new; llama-server writes each request in three pieces. */
    @Test
    void tokenIsLittleMoreThanItsActivations() {
        ends.say(request(14, new byte[24]));
        for (int token = 0; token < 40; token++) sayInThree(token(token));
        byte[] before = ends.heard();
        ends.sentBytes = 0;
        ends.records = 0;
        byte[] token = token(40);

        sayInThree(token);

        assertThat(ends.heard()).isEqualTo(concat(before, token));
        assertThat(token.length).isGreaterThan(4_900);
        assertThat(ends.sentBytes).isLessThan(2 * 1_024 + 150);
        assertThat(ends.records).isLessThan(20);
    }

    @Test
    void headsThatAreSaidForTheFirstTimeOrDifferInAByteGoAsTheyAre() {
        ends.say(request(14, new byte[24]));
        for (int at = 9; at < SET_BYTES - 8; at += 40) {
            byte[] said = setTensor("input", 0, new byte[8]);
            said[at]++;
            long before = ends.sentBytes;

            ends.say(said);

            assertThat(ends.sentBytes - before).isEqualTo(Carrier.RECORD_HEAD_BYTES + said.length);
        }
    }

    /** The graph for tokens is computed again after the one for a prompt, with a number in its head that counts. */
    @Test
    void graphThatWasSaidBeforeIsNamedThoughAnotherCameBetween() {
        byte[] prompt = new byte[50_000];
        random.nextBytes(prompt);
        byte[] tokens = prompt.clone();
        for (int at = 1_000; at < tokens.length; at += 300) tokens[at]++;
        ends.say(request(14, new byte[24]));
        for (byte[] graph : List.of(prompt, tokens, prompt)) ends.say(request(10, graph));
        for (int token = 0; token < 40; token++) sayInThree(token(token));
        byte[] before = ends.heard();
        ends.sentBytes = 0;
        tokens[4]++;

        ends.say(request(10, tokens));

        assertThat(ends.sentBytes).isLessThan(100);
        assertThat(ends.heard()).isEqualTo(concat(before, request(10, tokens)));
    }

    /** It has other numbers in each of its tensors, and so it is a name and a few bytes for each. */
    @Test
    void graphForAnotherNumberOfTokensIsSaidByItsDifferences() {
        byte[] graph = new byte[60_000];
        random.nextBytes(graph);
        ends.say(request(14, new byte[24]));
        ends.say(request(10, graph));
        byte[] before = ends.heard();
        ends.sentBytes = 0;
        for (int at = 1_084; at < graph.length; at += 296) graph[at] ^= 7;

        ends.say(request(10, graph), 20_000, random);

        assertThat(ends.sentBytes).isLessThan(graph.length / 10);
        assertThat(ends.heard()).isEqualTo(concat(before, request(10, graph)));
    }

    /** More than there are places for: the oldest is said anew. */
    @Test
    void oldestHeadsAreForgottenByBothEnds() {
        ends.say(request(14, new byte[24]));
        for (int i = 0; i < 3 * Heads.PLACES; i++) ends.say(setTensor("input" + i, 0, new byte[8]));
        byte[] before = ends.heard();
        byte[] old = setTensor("input1", 0, new byte[8]);
        byte[] young = setTensor("input" + (2 * Heads.PLACES + 1), 0, new byte[8]);
        ends.sentBytes = 0;

        assertThat(ends.say(young)).isTrue();
        assertThat(ends.sentBytes).isLessThan(20);
        assertThat(ends.say(old)).isTrue();

        assertThat(ends.sentBytes).isGreaterThan(SET_BYTES);
        assertThat(ends.heard()).isEqualTo(concat(concat(before, young), old));
    }

    @Test
    void headThatWasNeverSaidIsRefused() {
        ends.say(request(14, new byte[24]));
        ends.say(setTensor("input", 0, new byte[8]));

        assertThat(ends.worker.note(ShortNote.HEAD, head(2), ByteBuf::release)).isFalse();
        assertThat(ends.worker.fault().orElseThrow()).contains("place=2");
    }

    /** Else data could become a command, or a head what the one before it was not. */
    @Test
    void headInTheMiddleOfDataOrOfAHeadIsRefused() {
        for (int cut : new int[] {1, 9, 100, SET_BYTES - 1, SET_BYTES, SET_BYTES + 7}) {
            var worker = worker(new Buffers(1 << 20));
            byte[] said = setTensor("input", 0, new byte[8]);
            worker.in(Unpooled.wrappedBuffer(said), ByteBuf::release);
            worker.in(Unpooled.wrappedBuffer(said, 0, cut), ByteBuf::release);

            assertThat(worker.note(ShortNote.HEAD, head(1), ByteBuf::release))
                    .as("cut=%s", cut)
                    .isFalse();
            worker.release();
        }
    }

    /** Memory is counted, and HELLO comes once, however it is said. */
    @Test
    void namedHeadIsHeldToWhatIsLent() {
        var greedy = worker(new Buffers(1 << 20));
        byte[] alloc = request(
                0,
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(4, 600_000)
                        .array());
        greedy.in(Unpooled.wrappedBuffer(alloc), ByteBuf::release);
        var twice = worker(new Buffers(1 << 20));

        assertThat(greedy.note(ShortNote.HEAD, head(1), ByteBuf::release)).isFalse();
        assertThat(twice.note(ShortNote.HEAD, head(0), ByteBuf::release)).isFalse();

        assertThat(greedy.fault().orElseThrow()).contains("ALLOC_BUFFER of 600000 bytes beside 600000");
        assertThat(twice.fault().orElseThrow()).contains("HELLO again");
        greedy.release();
        twice.release();
    }

    /** One that has greeted, whose first head is that. */
    private static RpcCarrier worker(Buffers buffers) {
        var worker = RpcCarrier.worker(new Conversation(LIMITS, buffers), Optional.empty(), RpcEnds.handing());
        worker.in(Unpooled.wrappedBuffer(request(14, new byte[24])), ByteBuf::release);
        return worker;
    }

    private static ByteBuf head(int place) {
        return Unpooled.buffer().writeByte(place);
    }

    /** The requests of one token of a small model, whose context has 256 places. */
    private byte[] token(int number) {
        var mask = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        RpcFrames.mask(mask, number + 1, 256);
        byte[] place = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array();
        var said = new ByteArrayOutputStream();
        said.writeBytes(setTensor("ffn_out-3", 0, activations()));
        said.writeBytes(setTensor("ffn_inp-3", 0, activations()));
        said.writeBytes(setTensor("inp_pos", 0, Arrays.copyOf(place, 4)));
        said.writeBytes(setTensor("attn_inp_k_idxs", 0, place));
        said.writeBytes(setTensor("attn_inp_v_idxs", 0, place));
        said.writeBytes(setTensor("attn_inp_kq_mask", 0, mask.array()));
        said.writeBytes(setTensor("out_ids", 0, new byte[4]));
        said.writeBytes(request(16, new byte[12]));
        said.writeBytes(getTensor("result", 1_024));
        return said.toByteArray();
    }

    private byte[] activations() {
        byte[] activations = new byte[1_024];
        random.nextBytes(activations);
        return activations;
    }

    /** Each request as its command, its size and its payload. */
    private void sayInThree(byte[] requests) {
        for (int at = 0; at < requests.length; ) {
            int payload = (int)
                    ByteBuffer.wrap(requests).order(ByteOrder.LITTLE_ENDIAN).getLong(at + 1);
            ends.say(Arrays.copyOfRange(requests, at, at + 1));
            ends.say(Arrays.copyOfRange(requests, at + 1, at + 9));
            ends.say(Arrays.copyOfRange(requests, at + 9, at + 9 + payload));
            at += 9 + payload;
        }
    }

    private static byte[] concat(byte[] one, byte[] two) {
        byte[] both = Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, both, one.length, two.length);
        return both;
    }
}
