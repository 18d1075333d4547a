package mesh.testnet.wan;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;

/**
 * A model that has much to hand on and little to compute, so that a link of 100 Mbit/s is what its prompts wait for: it
 * stands for a large one whose nodes compute with cards, many times faster than a core. A token is 8 kB wide, as one
 * of a model of a billion parameters, or as much as {@code -Dmesh.bench.width} says, 4,096 for eight billion; its layers
 * are few and thin, with one small head each, so that long contexts cost little, too. What it says has no meaning. Stateless.
 */
final class WideModel {
    static final String NAME = "wide";

    private static final long SEED = 6;
    private static final int WIDTH = Integer.getInteger("mesh.bench.width", 2_048);
    private static final int THIN = 16;

    /** With the output as a sixth unit two nodes have four and two of them, three have two each. */
    private static final int LAYERS = 5;

    private static final int CONTEXT = 32_768;

    /** A weight's size: what passes through a matrix keeps about its length. */
    private static final float LOUDNESS = 0.02f;

    private static final int TYPE_CONTROL = 3;
    private static final int TYPE_BYTE = 6;
    private static final int BYTES = 256;

    private WideModel() {}

    static void write(Path file) throws IOException {
        var writer = new GgufWriter();
        keys(writer);
        List<Tensor> tensors = tensors();
        for (Tensor tensor : tensors)
            if (tensor.outputs == 0) writer.tensor(tensor.name, TensorType.F32, tensor.inputs);
            else writer.tensor(tensor.name, TensorType.F16, tensor.inputs, tensor.outputs);
        var random = new Random(SEED);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(writer.header());
            for (Tensor tensor : tensors) out.write(tensor.outputs == 0 ? ones(tensor.inputs) : noise(tensor, random));
        }
    }

    private static byte[] ones(int count) {
        var bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) bytes.putFloat(1);
        return bytes.array();
    }

    private static byte[] noise(Tensor matrix, Random random) {
        int count = matrix.inputs * matrix.outputs;
        var bytes = ByteBuffer.allocate(count * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) bytes.putShort(Float.floatToFloat16((float) random.nextGaussian() * LOUDNESS));
        return bytes.array();
    }

    private static void keys(GgufWriter writer) {
        var tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < BYTES; b++) tokens.add("<0x%02X>".formatted(b));
        var types = new ArrayList<>(Collections.nCopies(tokens.size() - BYTES, TYPE_CONTROL));
        types.addAll(Collections.nCopies(BYTES, TYPE_BYTE));
        writer.text("general.architecture", "llama")
                .text("general.name", NAME)
                .u32("general.file_type", 1)
                .u32("llama.block_count", LAYERS)
                .u32("llama.context_length", CONTEXT)
                .u32("llama.embedding_length", WIDTH)
                .u32("llama.feed_forward_length", THIN)
                .u32("llama.attention.head_count", 1)
                .u32("llama.attention.head_count_kv", 1)
                .u32("llama.attention.key_length", THIN)
                .u32("llama.attention.value_length", THIN)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .u32("llama.rope.dimension_count", THIN)
                .u32("llama.vocab_size", tokens.size())
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", tokens)
                .f32s("tokenizer.ggml.scores", new float[tokens.size()])
                .i32s("tokenizer.ggml.token_type", types)
                .u32("tokenizer.ggml.bos_token_id", 1)
                .u32("tokenizer.ggml.eos_token_id", 2);
    }

    private static List<Tensor> tensors() {
        int vocabulary = BYTES + 3;
        var tensors = new ArrayList<Tensor>();
        tensors.add(new Tensor("token_embd.weight", WIDTH, vocabulary));
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "blk." + layer + ".";
            tensors.add(new Tensor(block + "attn_norm.weight", WIDTH, 0));
            for (String thin : List.of("attn_q", "attn_k", "attn_v"))
                tensors.add(new Tensor(block + thin + ".weight", WIDTH, THIN));
            tensors.add(new Tensor(block + "attn_output.weight", THIN, WIDTH));
            tensors.add(new Tensor(block + "ffn_norm.weight", WIDTH, 0));
            for (String thin : List.of("ffn_gate", "ffn_up"))
                tensors.add(new Tensor(block + thin + ".weight", WIDTH, THIN));
            tensors.add(new Tensor(block + "ffn_down.weight", THIN, WIDTH));
        }
        tensors.add(new Tensor("output_norm.weight", WIDTH, 0));
        tensors.add(new Tensor("output.weight", WIDTH, vocabulary));
        return tensors;
    }

    /** Without outputs it is a vector. */
    private record Tensor(String name, int inputs, int outputs) {}
}
