package mesh.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import mesh.core.model.GgufHeader.Value;
import mesh.core.model.GgufRead.Reason;
import org.junit.jupiter.api.Test;

class GgufReaderTest {
    private static final int COUNTS_AT = 8;

    @Test
    void keysAndTensorsAreReadBack() throws Exception {
        GgufHeader header = header(sound());

        assertThat(header.version()).isEqualTo(3);
        assertThat(header.architecture()).isEqualTo("llama");
        assertThat(header.layers()).isEqualTo(2);
        assertThat(header.hyper("expert_count")).isEmpty();
        assertThat(header.keys().get("llama.rope.freq_base")).isEqualTo(new Value.Real(10_000));
        assertThat(header.whole("tokenizer.ggml.add_bos_token")).hasValue(1);
        assertThat(header.length("tokenizer.ggml.tokens")).isEqualTo(1000);
        assertThat(header.hyper("attention.head_count_kv", 1)).hasValue(4);
        assertThat(header.hyper("attention.head_count_kv", 2)).isEmpty();
        assertThat(header.hyper("block_count", 1)).hasValue(2);
        assertThat(header.tensors()).extracting(GgufHeader.Tensor::name).containsExactly("a", "b");
        assertThat(header.tensors()).extracting(GgufHeader.Tensor::bytes).containsExactly(128L, 64L * 34 / 32);
        assertThat(header.fileBytes()).isEqualTo(sound().length);
    }

    @Test
    void olderVersionOfTheSameShapeIsRead() throws Exception {
        assertThat(header(patched(4, 2)).version()).isEqualTo(2);
    }

    @Test
    void otherVersionsAndByteOrdersAreNamed() throws Exception {
        assertThat(refused(patched(4, 1)).reason()).isEqualTo(Reason.UNSUPPORTED_VERSION);
        assertThat(refused(patched(4, 4)).message())
                .isEqualTo("GGUF version not supported path=test version=4 supported=2,3");
        assertThat(refused(patched(4, Integer.reverseBytes(3))).reason()).isEqualTo(Reason.BIG_ENDIAN);
    }

    @Test
    void otherFilesAreToldByTheirFirstBytes() throws Exception {
        assertThat(refused("version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.US_ASCII))
                        .message())
                .isEqualTo("not a GGUF file path=test found=git-lfs-pointer");
        assertThat(refused("{\"error\": 1}".getBytes(StandardCharsets.US_ASCII)).message())
                .endsWith("found=json");
        assertThat(refused(new byte[100]).message()).endsWith("found=00000000");
        assertThat(refused(new byte[0]).reason()).isEqualTo(Reason.CUT_HEADER);
    }

    @Test
    void everyCutIsNoticed() throws Exception {
        byte[] sound = sound();
        int dataAt = sound.length - 128 - 68;
        for (int length = 0; length < sound.length; length++) {
            Reason reason = refused(Arrays.copyOf(sound, length)).reason();

            assertThat(reason).as("length=%d", length).isIn(Reason.CUT_HEADER, Reason.CUT_DATA);
            if (length < dataAt - 32) assertThat(reason).as("length=%d", length).isEqualTo(Reason.CUT_HEADER);
        }
        assertThat(refused(Arrays.copyOf(sound, sound.length - 1)).message())
                .isEqualTo("model file cut path=test bytes=%d expected=%d".formatted(sound.length - 1, sound.length));
    }

    @Test
    void absurdCountsAreRefusedBeforeAnythingIsAllocated() throws Exception {
        assertThat(refused(patched(COUNTS_AT, -1)).reason()).isEqualTo(Reason.TOO_MANY_TENSORS);
        assertThat(refused(patched(COUNTS_AT + 8, -1)).reason()).isEqualTo(Reason.TOO_MANY_KEYS);
        assertThat(refused(patched(COUNTS_AT + 16, Integer.MAX_VALUE)).reason()).isEqualTo(Reason.TOO_LONG_NAME);
    }

    @Test
    void endlessHeaderOfAnEndlessFileIsLeftAlone() throws Exception {
        byte[] header =
                new GgufWriter().texts("tokens", Collections.nCopies(100, "")).header();
        int countAt = indexOf(header, "tokens") + 6 + 4 + 4;
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(countAt, 1L << 40);

        var refused = (GgufRead.Refused) GgufReader.read("test", new MemoryBytes(header, Long.MAX_VALUE / 2));

        assertThat(refused.reason()).isEqualTo(Reason.TOO_LONG_HEADER);
    }

    @Test
    void listsOfListsAreRefusedBeforeTheyNestDeep() throws Exception {
        var nested = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        nested.putInt(0x46554747).putInt(3).putLong(0).putLong(1);
        nested.putLong(1).put((byte) 'k').putInt(9);
        while (nested.remaining() >= 12) nested.putInt(9).putLong(1);

        assertThat(refused(nested.array()).reason()).isEqualTo(Reason.TOO_DEEP_LISTS);
    }

    @Test
    void keysAndTensorsStandOnce() throws Exception {
        byte[] twoKeys = new GgufWriter().u32("a", 1).u32("a", 2).header();
        byte[] twoTensors = new GgufWriter()
                .tensor("a", TensorType.F32, 8)
                .tensor("a", TensorType.F32, 8)
                .header();

        assertThat(refused(twoKeys).reason()).isEqualTo(Reason.DUPLICATE_KEY);
        assertThat(refused(twoTensors).reason()).isEqualTo(Reason.DUPLICATE_TENSOR);
    }

    @Test
    void impossibleTensorsAreRefused() throws Exception {
        assertThat(refused(tensor(new long[] {31}, TensorType.Q8_0)).reason()).isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(tensor(new long[] {0}, TensorType.F32)).reason()).isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(tensor(new long[] {-1}, TensorType.F32)).reason()).isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(tensor(new long[] {1L << 32, 1L << 32}, TensorType.F32))
                        .reason())
                .isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(tensor(new long[] {1, 1, 1, 1, 1}, TensorType.F32)).reason())
                .isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(tensor(new long[] {1L << 50}, TensorType.F32)).reason())
                .isEqualTo(Reason.CUT_DATA);
    }

    @Test
    void overlappingAndUnalignedTensorsAreRefused() throws Exception {
        byte[] sound = sound();
        int offsetOfB = sound.length - 68 - 128;
        while (ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN).getLong(offsetOfB) != 128) offsetOfB--;

        assertThat(refused(patched(offsetOfB, 96)).reason()).isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(patched(offsetOfB, 129)).reason()).isEqualTo(Reason.BAD_TENSOR);
        assertThat(refused(patched(offsetOfB, 160)).reason()).isEqualTo(Reason.CUT_DATA);
    }

    @Test
    void tensorTypeOfTomorrowTakesTheRoomItHas() throws Exception {
        byte[] sound = sound();
        int typeOfA = indexOf(sound, "a", sound.length - 400) + 1 + 4 + 8;
        GgufHeader header = header(patched(typeOfA, 77));

        assertThat(header.tensors().getFirst().type()).isEmpty();
        assertThat(header.tensors().getFirst().bytes()).isEqualTo(128);
    }

    @Test
    void strangeArchitectureIsReadAndKnownToBeStrange() throws Exception {
        byte[] strange = withData(
                new GgufWriter().text("general.architecture", "llama9000").tensor("a", TensorType.F32, 8));

        assertThat(header(strange).hasKnownArchitecture()).isFalse();
        assertThat(header(sound()).hasKnownArchitecture()).isTrue();
        assertThat(refused(withData(new GgufWriter().tensor("a", TensorType.F32, 8)))
                        .reason())
                .isEqualTo(Reason.NO_ARCHITECTURE);
    }

    @Test
    void partsMustBelongTogether() throws Exception {
        byte[] first = part(0, 2, 2, "a");
        byte[] second = part(1, 2, 2, "b");

        assertThat(read(first, second)).isInstanceOf(GgufRead.Read.class);
        assertThat(((GgufRead.Read) read(first, second)).header().fileBytes()).isEqualTo(first.length + second.length);
        assertThat(reason(read(first))).isEqualTo(Reason.MISSING_PART);
        assertThat(reason(read(second, first))).isEqualTo(Reason.MIXED_PARTS);
        assertThat(reason(read(first, sound()))).isEqualTo(Reason.MIXED_PARTS);
        assertThat(reason(read(first, part(1, 2, 2, "a")))).isEqualTo(Reason.DUPLICATE_TENSOR);
        assertThat(reason(read(part(0, 2, 3, "a"), second))).isEqualTo(Reason.MIXED_PARTS);
    }

    @Test
    void partNamesNameTheWholeSet() {
        PartName part = PartName.parse("x-Q4-00002-of-00003.gguf").orElseThrow();

        assertThat(part.stem()).isEqualTo("x-Q4");
        assertThat(part.fileNames())
                .containsExactly("x-Q4-00001-of-00003.gguf", "x-Q4-00002-of-00003.gguf", "x-Q4-00003-of-00003.gguf");
        assertThat(PartName.parse("x-00004-of-00003.gguf")).isEmpty();
        assertThat(PartName.parse("x-00001-of-99999.gguf")).isEmpty();
        assertThat(PartName.parse("x.gguf")).isEmpty();
    }

    @Test
    void damagedHeadersAreAnsweredWhateverTheDamage() {
        long seed = 4711;
        byte[] sound = sound();

        assertTimeout(Duration.ofMinutes(2), () -> {
            for (int run = 0; run < 10_000; run++) {
                var random = new Random(seed + run);
                byte[] damaged = damaged(sound, random);
                try {
                    long claimed = random.nextInt(4) == 0 ? random.nextLong(1L << 40) : damaged.length;
                    GgufRead read = GgufReader.read("test", new MemoryBytes(damaged, claimed));
                    if (read instanceof GgufRead.Read(GgufHeader header))
                        assertThat(Fit.of(header).needBytes(8192, 4)).isPositive();
                } catch (RuntimeException | IOException thrown) {
                    throw new AssertionError("seed=" + (seed + run), thrown);
                }
            }
        });
    }

    private static byte[] damaged(byte[] sound, Random random) {
        byte[] bytes = sound.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            // Most of the file is token texts; the interesting bytes are at both ends.
            int span = random.nextBoolean() ? 300 : bytes.length;
            int at = random.nextBoolean() ? random.nextInt(span) : bytes.length - 1 - random.nextInt(span);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 8), (byte) -random.nextInt(2));
                default -> bytes = Arrays.copyOf(bytes, Math.max(300, at));
            }
        }
        return bytes;
    }

    private static byte[] sound() {
        return withData(new GgufWriter()
                .text("general.architecture", "llama")
                .u32("llama.block_count", 2)
                .u32("llama.embedding_length", 64)
                .f32("llama.rope.freq_base", 10_000)
                .i32s("llama.attention.head_count_kv", List.of(2, 4))
                .flag("tokenizer.ggml.add_bos_token", true)
                .texts("tokenizer.ggml.tokens", Collections.nCopies(1000, "x"))
                .tensor("a", TensorType.F32, 32)
                .tensor("b", TensorType.Q8_0, 32, 2));
    }

    private static byte[] part(int number, int count, int tensors, String tensor) {
        return withData(new GgufWriter()
                .text("general.architecture", "llama")
                .u16("split.no", number)
                .u16("split.count", count)
                .u32("split.tensors.count", tensors)
                .tensor(tensor, TensorType.F32, 32));
    }

    private static byte[] tensor(long[] dims, TensorType type) {
        return new GgufWriter()
                .text("general.architecture", "llama")
                .tensor("t", type, dims)
                .header();
    }

    /** Without the padding after the last tensor, as some writers leave it. */
    private static byte[] withData(GgufWriter writer) {
        byte[] header = writer.header();
        boolean endsInQ8 = writer.dataBytes() == 128 + 96;
        return Arrays.copyOf(header, header.length + (int) writer.dataBytes() - (endsInQ8 ? 28 : 0));
    }

    private static byte[] patched(int at, int value) {
        byte[] bytes = sound();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return bytes;
    }

    private static int indexOf(byte[] bytes, String text) {
        return indexOf(bytes, text, 0);
    }

    private static int indexOf(byte[] bytes, String text, int from) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text, from);
    }

    private static GgufHeader header(byte[] bytes) throws IOException {
        GgufRead read = GgufReader.read("test", MemoryBytes.of(bytes));
        assertThat(read).isInstanceOf(GgufRead.Read.class);
        return ((GgufRead.Read) read).header();
    }

    private static GgufRead.Refused refused(byte[] bytes) throws IOException {
        GgufRead read = GgufReader.read("test", MemoryBytes.of(bytes));
        assertThat(read).isInstanceOf(GgufRead.Refused.class);
        return (GgufRead.Refused) read;
    }

    private static GgufRead read(byte[]... parts) throws IOException {
        return GgufReader.read(Arrays.stream(parts)
                .map(part -> new GgufReader.Part("test", MemoryBytes.of(part)))
                .toList());
    }

    private static Reason reason(GgufRead read) {
        return ((GgufRead.Refused) read).reason();
    }
}
