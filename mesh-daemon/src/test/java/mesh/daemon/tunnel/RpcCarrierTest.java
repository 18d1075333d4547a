package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.TENSOR;
import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcFrames.setTensor;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import mesh.core.Sha256;
import mesh.core.model.GgufHeader;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two ends of an RPC connection: what goes in comes out, however little of it is sent. */
class RpcCarrierTest {
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 26);
    private static final int HEAD_BYTES = 1_000;
    private static final int WEIGHT_BYTES = 700_000;
    private static final long SEED = 77;

    @TempDir
    Path folder;

    private final byte[] file = new byte[HEAD_BYTES + 2 * WEIGHT_BYTES];

    private final List<RpcEnds> open = new ArrayList<>();

    @BeforeEach
    void fillFile() {
        new Random(SEED).nextBytes(file);
    }

    @AfterEach
    void release() {
        open.forEach(RpcEnds::release);
    }

    private RpcEnds ends(Optional<KnownFile> ours, Optional<KnownFile> theirs) {
        var ends = new RpcEnds(LIMITS, ours, theirs);
        open.add(ends);
        return ends;
    }

    @Test
    void everyTalkArrivesAsItWasSaidHoweverItIsCut() throws IOException {
        long sentBytes = 0;
        long saidBytes = 0;
        Optional<KnownFile> ours = known("host");
        Optional<KnownFile> theirs = known("worker");
        for (int run = 0; run < 200; run++) {
            var random = new Random(SEED + run);
            var ends = ends(random.nextBoolean() ? ours : none(), random.nextBoolean() ? theirs : none());
            byte[] said = talk(random);

            boolean passes = ends.say(said, random.nextInt(4) == 0 ? 500 : 90_000, random);

            assertThat(passes).as("seed=%s fault=%s", SEED + run, ends.fault()).isTrue();
            assertThat(ends.heard()).as("seed=%s", SEED + run).isEqualTo(said);
            sentBytes += ends.sentBytes;
            saidBytes += said.length;
            ends.release();
        }
        assertThat(sentBytes).isLessThan(saidBytes);
    }

    /** Whatever waited for its rest, a head or equal data, is said when there is none. */
    @Test
    void nothingIsLostWhereverTheProgramEnds() throws IOException {
        Optional<KnownFile> file = known("both");
        for (int run = 0; run < 60; run++) {
            var random = new Random(SEED + run);
            var ends = ends(file, random.nextBoolean() ? file : none());
            byte[] said = talk(random);
            byte[] cut = Arrays.copyOf(said, random.nextInt(Math.min(said.length, 3_000)));
            if (random.nextBoolean()) cut = Arrays.copyOf(said, random.nextInt(said.length));

            ends.say(cut, 20_000, random);
            ends.end();

            assertThat(ends.heard()).as("seed=%s", SEED + run).isEqualTo(cut);
            ends.release();
        }
    }

    @Test
    void weightsThatBothHaveAreNamedNotSent() throws IOException {
        var ends = ends(known("host"), known("worker"));
        ends.say(request(14, new byte[24]));
        byte[] weight = Arrays.copyOfRange(file, HEAD_BYTES, HEAD_BYTES + WEIGHT_BYTES);

        ends.say(setTensor("first.weight", 0, weight));

        assertThat(ends.sentBytes).isLessThan(WEIGHT_BYTES / 100);
        assertThat(ends.heardBytes()).isGreaterThan(WEIGHT_BYTES);
    }

    @Test
    void dataSaidThreeTimesIsSentOnce() {
        var ends = ends(none(), none());
        ends.say(request(14, new byte[24]));
        byte[] embedding = new byte[300_000];
        new Random(SEED).nextBytes(embedding);

        ends.say(setTensor("embd", 0, embedding));
        ends.say(setTensor("embd", 0, embedding));
        ends.say(setTensor("embd", 0, embedding));

        assertThat(ends.sentBytes).isBetween(300_000L, 302_000L);
        assertThat(ends.heardBytes()).isGreaterThan(900_000);
    }

    /** Same names and sizes, one weight trained further: the connection ends before the engine hears a wrong byte. */
    @Test
    void fileWithOtherWeightsIsFoundOutBeforeItIsUsed() throws IOException {
        Optional<KnownFile> ours = known("host");
        file[HEAD_BYTES + 100_000]++;
        Optional<KnownFile> theirs = known("worker");
        file[HEAD_BYTES + 100_000]--;
        var ends = ends(ours, theirs);
        ends.say(request(14, new byte[24]));
        int before = ends.heardBytes();

        boolean passes =
                ends.say(setTensor("first.weight", 0, Arrays.copyOfRange(file, HEAD_BYTES, HEAD_BYTES + WEIGHT_BYTES)));

        assertThat(passes).isFalse();
        assertThat(ends.fault()).contains("differs");
        assertThat(ends.heardBytes() - before).isLessThan(TENSOR + 20);
    }

    @Test
    void namesOfBytesThatAreNotThereAreRefused() throws IOException {
        for (ByteBuf note : List.of(
                fromFile(0, file.length - 10, 20),
                fromFile(0, -5, 20),
                fromFile(3, 0, 20),
                fromFile(0, 0, Integer.MAX_VALUE),
                fromFile(0, 0, -1),
                fromPast(0, 10),
                fromPast(-1, 10),
                fromPast(0, -10))) {
            var worker = RpcCarrier.worker(new Conversation(LIMITS), known("worker"), RpcEnds.handing());
            int kind = note.readUnsignedMedium();

            boolean passes = worker.note(kind, note, bytes -> bytes.release());

            assertThat(passes).isFalse();
            assertThat(worker.fault()).isPresent();
        }
    }

    /** Else a host could have the worker's file speak commands. */
    @Test
    void namedBytesOutsideOfDataAreRefused() throws IOException {
        var worker = RpcCarrier.worker(new Conversation(LIMITS), known("worker"), RpcEnds.handing());
        byte[] check = Arrays.copyOf(Sha256.of(Arrays.copyOf(file, 64)), 16);
        ByteBuf note = Unpooled.buffer().writeByte(0).writeLong(0).writeInt(64).writeBytes(check);

        assertThat(worker.note(ShortNote.FROM_FILE, note, bytes -> bytes.release()))
                .isFalse();
        assertThat(worker.fault().orElseThrow()).contains("no data");
    }

    @Test
    void workerHasNoNotesForTheHostButItsFile() {
        var host = RpcCarrier.host(new Conversation(LIMITS), none(), Optional.empty());

        assertThat(host.noteBytes(ShortNote.HAVE)).contains(32);
        assertThat(host.noteBytes(ShortNote.FROM_FILE)).isEmpty();
        assertThat(host.noteBytes(ShortNote.FROM_PAST)).isEmpty();
    }

    private static Optional<KnownFile> none() {
        return Optional.empty();
    }

    private Optional<KnownFile> known(String name) throws IOException {
        Path path = Files.write(folder.resolve(name), file);
        var tensors = List.of(
                new GgufHeader.Tensor("first.weight", List.of(), 0, 0, HEAD_BYTES, WEIGHT_BYTES),
                new GgufHeader.Tensor("second.weight", List.of(), 0, 0, HEAD_BYTES + WEIGHT_BYTES, WEIGHT_BYTES));
        return Optional.of(KnownFile.open(List.of(path), new GgufHeader(3, new TreeMap<>(), tensors, file.length, 1)));
    }

    private byte[] talk(Random random) {
        var said = new ByteArrayOutputStream();
        said.writeBytes(request(14, new byte[24]));
        byte[] repeated = new byte[1 + random.nextInt(200_000)];
        random.nextBytes(repeated);
        int count = 1 + random.nextInt(12);
        for (int i = 0; i < count; i++) {
            switch (random.nextInt(8)) {
                case 0 -> said.writeBytes(request(16, new byte[12]));
                case 1 -> said.writeBytes(request(10, new byte[16 + random.nextInt(3_000)]));
                case 2 -> said.writeBytes(setTensor("input", 0, repeated));
                case 3 -> {
                    byte[] nearly = repeated.clone();
                    nearly[random.nextInt(nearly.length)]++;
                    said.writeBytes(setTensor("input", 0, nearly));
                }
                case 4 -> said.writeBytes(setTensor("mask", 0, RpcFrames.mask(1 + random.nextInt(90), random)));
                case 5 -> said.writeBytes(setTensor("input", 0, withRuns(repeated, random)));
                default -> said.writeBytes(weight(random));
            }
        }
        return said.toByteArray();
    }

    /** Some of it a byte or a word over and over, of any length and anywhere. */
    private static byte[] withRuns(byte[] data, Random random) {
        byte[] runs = data.clone();
        for (int run = random.nextInt(20); run > 0; run--) {
            int at = random.nextInt(runs.length);
            int end = Math.min(runs.length, at + random.nextInt(300));
            int period = 1 + random.nextInt(12);
            for (int i = at + period; i < end; i++) runs[i] = runs[i - period];
        }
        return runs;
    }

    /** A piece of a weight, sometimes not quite as it stands in the file, sometimes beyond its end. */
    private byte[] weight(Random random) {
        boolean isSecond = random.nextBoolean();
        int from = random.nextInt(WEIGHT_BYTES);
        int bytes = 1 + random.nextInt(WEIGHT_BYTES - from);
        int at = HEAD_BYTES + (isSecond ? WEIGHT_BYTES : 0) + from;
        byte[] data = Arrays.copyOfRange(file, at, at + bytes);
        if (random.nextInt(3) == 0) data[random.nextInt(data.length)]++;
        return setTensor(isSecond ? "second.weight" : "first.weight", random.nextInt(5) == 0 ? 1L << 40 : from, data);
    }

    private static ByteBuf fromFile(int part, long at, int count) {
        return Unpooled.buffer()
                .writeMedium(ShortNote.FROM_FILE)
                .writeByte(part)
                .writeLong(at)
                .writeInt(count)
                .writeBytes(new byte[16]);
    }

    private static ByteBuf fromPast(long from, int count) {
        return Unpooled.buffer()
                .writeMedium(ShortNote.FROM_PAST)
                .writeLong(from)
                .writeInt(count);
    }
}
