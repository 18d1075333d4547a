package mesh.daemon.models;

import static mesh.daemon.models.DemoFormula.F16_EXPONENT_BIAS;
import static mesh.daemon.models.DemoFormula.F16_PER_WORD;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.model.Bytes;
import mesh.core.model.GgufWriter;

/**
 * A model file that is a {@link DemoFormula}. <i>Cycle</i> models recite the alphabet and stop, on every CPU;
 * <i>random</i> ones babble readably for ever, and the slightest numeric damage changes what they say; one makes vectors
 * of texts; one babbles of pictures and stops by chance. Immutable, any thread.
 */
public final class DemoModel implements Bytes {
    /** Opens every demo's title, so that nobody takes one for a real model. */
    static final String TITLE = "mesh demo, ";

    /** Changes with the formula, so that a file of an older one is told apart by its header. */
    private static final String FORMULA = "2";

    private static final int CONTEXT = 8192;

    /** Attention and feed-forward whisper in a cycle model: 2^-4 of what they say in a random one. */
    private static final int CYCLE_DAMPING = 4;

    /** The right next token's logit is 2^6, all others are near 0: even sampling at temperature 2 recites. */
    private static final int CYCLE_LOGIT = 6;

    /** Queries and keys are twice as loud as the rest: attention picks its tokens instead of averaging them all. */
    private static final int FOCUS = 1;

    /** Random models' logits spread by about 2^4, so that sampling too stays within their letters. */
    private static final int RANDOM_LOGIT = 4;

    /** Half of that where the turn's end is among them: it comes sooner, and is not missed for ever in a loop. */
    private static final int SEEING_LOGIT = 3;

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
        EMBEDS("makes vectors of texts"),
        SEES("babbles of pictures");

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
    private final DemoFormula formula;
    private final Optional<DemoProjector> projector;

    private DemoModel(String name, Shape shape, Kind kind) {
        this.name = name;
        this.shape = shape;
        this.kind = kind;
        formula = new DemoFormula(name);
        keys(formula.keys());
        tensors();
        formula.close();
        projector = kind == Kind.SEES ? Optional.of(new DemoProjector(name, shape.width)) : Optional.empty();
    }

    private static List<DemoModel> all() {
        var models = new ArrayList<DemoModel>();
        for (Shape shape : Shape.values()) {
            models.add(new DemoModel("demo" + shape.suffix, shape, Kind.RECITES));
            models.add(new DemoModel("demo" + shape.suffix + "-random", shape, Kind.BABBLES));
        }
        models.add(1, new DemoModel("demo-embed", Shape.TINY, Kind.EMBEDS));
        models.add(2, new DemoModel("demo-vision", Shape.TINY, Kind.SEES));
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

    /** What turns pictures into tokens for it, if it sees. */
    public Optional<DemoProjector> projector() {
        return projector;
    }

    @Override
    public long size() {
        return formula.size();
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        return formula.read(offset, length);
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
    private void tensors() {
        int width = shape.width;
        int kv = width / shape.heads * shape.kvHeads;
        boolean cycles = kind == Kind.RECITES || kind == Kind.EMBEDS;
        int scale = DemoFormula.keeping(width);
        int damped = cycles ? scale - CYCLE_DAMPING : scale;
        int hiddenDamped = DemoFormula.keeping(shape.hidden) - (cycles ? CYCLE_DAMPING : 0);
        matrix("token_embd", width, DemoTokens.COUNT, cycles ? this::codeOfToken : formula.noise(-2));
        for (int layer = 0; layer < shape.layers; layer++) {
            String block = "blk." + layer + ".";
            formula.ones(block + "attn_norm.weight", width);
            matrix(block + "attn_q", width, width, formula.noise(scale + FOCUS));
            matrix(block + "attn_k", width, kv, formula.noise(scale + FOCUS));
            matrix(block + "attn_v", width, kv, formula.noise(scale));
            matrix(block + "attn_output", width, width, formula.noise(damped));
            formula.ones(block + "ffn_norm.weight", width);
            matrix(block + "ffn_gate", width, shape.hidden, formula.noise(scale));
            matrix(block + "ffn_up", width, shape.hidden, formula.noise(scale));
            matrix(block + "ffn_down", shape.hidden, width, formula.noise(hiddenDamped));
        }
        formula.ones("output_norm.weight", width);
        matrix("output", width, DemoTokens.COUNT, cycles ? this::codeBeforeToken : letters(scale));
    }

    private void matrix(String tensor, int inputs, int outputs, DemoFormula.Words words) {
        formula.halves(tensor + ".weight", words, inputs, outputs);
    }

    /** Rows of all tokens but letters are zero: the most likely token is always readable, or ends the turn. */
    private DemoFormula.Words letters(int scale) {
        DemoFormula.Words noise = formula.noise(scale + (kind == Kind.SEES ? SEEING_LOGIT : RANDOM_LOGIT));
        int rowWords = shape.width / F16_PER_WORD;
        return word -> isSaid((int) (word / rowWords)) ? noise.at(word) : 0;
    }

    private boolean isSaid(int token) {
        return DemoTokens.isReadable(token) || (kind == Kind.SEES && DemoTokens.isTurnEnd(token));
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
}
