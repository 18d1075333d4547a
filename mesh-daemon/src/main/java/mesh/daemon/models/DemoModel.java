package mesh.daemon.models;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.model.Bytes;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;

/**
 * A model file that is a formula: every 8 bytes of it follow from its name alone, by integer arithmetic, so that all
 * machines make the same file and any piece can be made or checked alone. <i>Cycle</i> models recite the alphabet and
 * stop, on every CPU; <i>random</i> ones babble readably for ever, and the slightest numeric damage changes what they
 * say; one makes vectors of texts. Immutable, any thread.
 */
public final class DemoModel implements Bytes {
    /** Opens every demo's title, so that nobody takes one for a real model. */
    static final String TITLE = "mesh demo, ";

    /** Changes with the formula, so that a file of an older one is told apart by its header. */
    private static final String FORMULA = "2";

    private static final int CONTEXT = 8192;

    private static final long SEED = 0x6D657368; // "mesh"

    /** SplitMix64's step: an odd number near 2^64 divided by the golden ratio. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** Of each of the four f16 in a word, the sign and the mantissa. */
    private static final long F16_SIGN_AND_MANTISSA = 0x83FF_83FF_83FF_83FFL;

    private static final int F16_EXPONENT_BIAS = 15;
    private static final long F32_ONES = 0x3F80_0000_3F80_0000L;
    private static final int F16_PER_WORD = 4;

    /** Attention and feed-forward whisper in a cycle model: 2^-4 of what they say in a random one. */
    private static final int CYCLE_DAMPING = 4;

    /** The right next token's logit is 2^6, all others are near 0: even sampling at temperature 2 recites. */
    private static final int CYCLE_LOGIT = 6;

    /** Queries and keys are twice as loud as the rest: attention picks its tokens instead of averaging them all. */
    private static final int FOCUS = 1;

    /** Random models' logits spread by about 2^4, so that sampling too stays within their letters. */
    private static final int RANDOM_LOGIT = 4;

    private enum Shape {
        TINY("-tiny", 64, 2, 4, 2, 128),
        MEDIUM("", 256, 8, 8, 4, 704),
        LARGE("-large", 1024, 12, 16, 8, 2816);

        final String suffix;
        final int width;
        final int layers;
        final int heads;
        final int kvHeads;
        final int hidden;

        Shape(String suffix, int width, int layers, int heads, int kvHeads, int hidden) {
            this.suffix = suffix;
            this.width = width;
            this.layers = layers;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.hidden = hidden;
        }
    }

    private enum Kind {
        RECITES("recites the alphabet"),
        BABBLES("babbles at random"),
        EMBEDS("makes vectors of texts");

        final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    /** Its vector of a text is the mean of its vectors of the tokens. */
    private static final int POOLING_MEAN = 1;

    private static final List<DemoModel> ALL = all();

    private final String name;
    private final Shape shape;
    private final Kind kind;
    private final byte[] header;
    private final List<Tensor> tensors = new ArrayList<>();
    private final long size;

    private DemoModel(String name, Shape shape, Kind kind) {
        this.name = name;
        this.shape = shape;
        this.kind = kind;
        var writer = new GgufWriter();
        keys(writer);
        tensors(writer);
        header = writer.header();
        size = header.length + writer.dataBytes();
    }

    private static List<DemoModel> all() {
        var models = new ArrayList<DemoModel>();
        for (Shape shape : Shape.values()) {
            models.add(new DemoModel("demo" + shape.suffix, shape, Kind.RECITES));
            models.add(new DemoModel("demo" + shape.suffix + "-random", shape, Kind.BABBLES));
        }
        models.add(1, new DemoModel("demo-embed", Shape.TINY, Kind.EMBEDS));
        return List.copyOf(models);
    }

    /** Every demo model, smallest first. */
    public static List<DemoModel> list() {
        return ALL;
    }

    public static Optional<DemoModel> named(String name) {
        return ALL.stream().filter(model -> model.name.equals(name)).findFirst();
    }

    public String name() {
        return name;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        long end = Math.min(size, offset + length);
        if (end <= offset) return ByteBuffer.allocate(0);
        long from = offset & -8L;
        long to = (end + 7) & -8L;
        var bytes = ByteBuffer.allocate((int) (to - from)).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0;
        for (long next = from; next < to; ) {
            if (next < header.length) {
                int known = (int) Math.min(to, header.length);
                bytes.put(header, (int) next, known - (int) next);
                next = known;
                continue;
            }
            while (tensors.get(at).end() <= next - header.length) at++;
            Tensor tensor = tensors.get(at);
            long stop = Math.min(to, header.length + tensor.end());
            long word = (next - header.length - tensor.start()) / Long.BYTES;
            for (; next < stop; next += Long.BYTES) bytes.putLong(tensor.words().at(word++));
        }
        return bytes.slice((int) (offset - from), (int) (end - offset));
    }

    private void keys(GgufWriter writer) {
        writer.text("general.architecture", "llama")
                .text("general.name", TITLE + kind.title)
                .text("general.version", FORMULA)
                .u32("general.file_type", 1)
                .u32("llama.block_count", shape.layers)
                .u32("llama.context_length", CONTEXT)
                .u32("llama.embedding_length", shape.width)
                .u32("llama.feed_forward_length", shape.hidden)
                .u32("llama.attention.head_count", shape.heads)
                .u32("llama.attention.head_count_kv", shape.kvHeads)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .u32("llama.rope.dimension_count", shape.width / shape.heads)
                .f32("llama.rope.freq_base", 10_000f)
                .u32("llama.vocab_size", DemoTokens.COUNT);
        if (kind == Kind.EMBEDS) writer.u32("llama.pooling_type", POOLING_MEAN);
        DemoTokens.write(writer);
    }

    /** Weights keep the length of what passes through them: about one over the root of the inputs. */
    private void tensors(GgufWriter writer) {
        int width = shape.width;
        int kv = width / shape.heads * shape.kvHeads;
        boolean cycles = kind != Kind.BABBLES;
        int scale = -exponentOfRoot(width) - 1;
        int damped = cycles ? scale - CYCLE_DAMPING : scale;
        int hiddenDamped = -exponentOfRoot(shape.hidden) - 1 - (cycles ? CYCLE_DAMPING : 0);
        matrix(writer, "token_embd", width, DemoTokens.COUNT, cycles ? this::codeOfToken : noise(-2));
        for (int layer = 0; layer < shape.layers; layer++) {
            String block = "blk." + layer + ".";
            ones(writer, block + "attn_norm");
            matrix(writer, block + "attn_q", width, width, noise(scale + FOCUS));
            matrix(writer, block + "attn_k", width, kv, noise(scale + FOCUS));
            matrix(writer, block + "attn_v", width, kv, noise(scale));
            matrix(writer, block + "attn_output", width, width, noise(damped));
            ones(writer, block + "ffn_norm");
            matrix(writer, block + "ffn_gate", width, shape.hidden, noise(scale));
            matrix(writer, block + "ffn_up", width, shape.hidden, noise(scale));
            matrix(writer, block + "ffn_down", shape.hidden, width, noise(hiddenDamped));
        }
        ones(writer, "output_norm");
        matrix(writer, "output", width, DemoTokens.COUNT, cycles ? this::codeBeforeToken : letters(scale));
    }

    private static int exponentOfRoot(int inputs) {
        return (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(inputs)) / 2;
    }

    private void ones(GgufWriter writer, String tensor) {
        writer.tensor(tensor + ".weight", TensorType.F32, shape.width);
        place(shape.width * 4L, word -> F32_ONES);
    }

    private void matrix(GgufWriter writer, String tensor, int inputs, int outputs, Words words) {
        writer.tensor(tensor + ".weight", TensorType.F16, inputs, outputs);
        place(2L * inputs * outputs, words);
    }

    /** Every size here is a multiple of the file's alignment, so tensors touch. */
    private void place(long bytes, Words words) {
        long start = tensors.isEmpty() ? 0 : tensors.getLast().end();
        tensors.add(new Tensor(start, start + bytes, words));
    }

    /** Signs and mantissas by chance, one exponent: values between 2^e and 2^(e+1), either sign. */
    private Words noise(int exponent) {
        long seed = mixed(SEED + tensors.size() * GOLDEN + name.hashCode());
        long exponents = fourTimes((exponent + F16_EXPONENT_BIAS) << 10);
        return word -> (mixed(seed + word * GOLDEN) & F16_SIGN_AND_MANTISSA) | exponents;
    }

    /** Rows of all tokens but letters are zero: the most likely token is always readable. */
    private Words letters(int scale) {
        Words noise = noise(scale + RANDOM_LOGIT);
        int rowWords = shape.width / F16_PER_WORD;
        return word -> DemoTokens.isReadable((int) (word / rowWords)) ? noise.at(word) : 0;
    }

    private long codeOfToken(long word) {
        int rowWords = shape.width / F16_PER_WORD;
        return walsh(DemoTokens.stateAfter((int) (word / rowWords)), (int) (word % rowWords), 0);
    }

    private long codeBeforeToken(long word) {
        int rowWords = shape.width / F16_PER_WORD;
        int state = DemoTokens.stateBefore((int) (word / rowWords));
        int widthExponent = Integer.numberOfTrailingZeros(shape.width);
        return state == 0 ? 0 : walsh(state, (int) (word % rowWords), CYCLE_LOGIT - widthExponent);
    }

    /**
     * Four values of the Walsh function number {@code state}, plus or minus 2^exponent. These functions are orthogonal
     * and exact in f16: a state's logit is the whole sum, every other's is nothing.
     */
    private static long walsh(int state, int rowWord, int exponent) {
        long word = 0;
        for (int i = 0; i < F16_PER_WORD; i++) {
            long sign = Integer.bitCount(state & (rowWord * F16_PER_WORD + i)) & 1;
            word |= ((sign << 15) | ((long) (exponent + F16_EXPONENT_BIAS) << 10)) << (16 * i);
        }
        return word;
    }

    private static long fourTimes(long half) {
        return half * 0x0001_0001_0001_0001L;
    }

    /** SplitMix64's finisher (Steele, Lea, Flood 2014): every bit of the answer depends on every bit given. */
    private static long mixed(long bits) {
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return bits ^ (bits >>> 31);
    }

    /** A tensor's content, eight bytes at a time. */
    private interface Words {
        long at(long word);
    }

    /** Where a tensor lies, counted from the start of the data. */
    private record Tensor(long start, long end, Words words) {}
}
