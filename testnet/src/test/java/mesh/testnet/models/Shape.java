package mesh.testnet.models;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;

/**
 * The header of a model as somebody published it, without its weights: the engine plans memory from the header alone.
 * Sizes are those of the models that the names say; matrices are Q4_K where its blocks fit, else Q8_0 or F32.
 */
final class Shape {
    private final String name;
    private final String architecture;
    private final GgufWriter writer = new GgufWriter();
    private final int width;
    private final int layers;

    private Shape(String name, String architecture, int width, int layers, int contextMax) {
        this.name = name;
        this.architecture = architecture;
        this.width = width;
        this.layers = layers;
        writer.text("general.architecture", architecture);
        key("block_count", layers).key("context_length", contextMax).key("embedding_length", width);
        number("attention.layer_norm_rms_epsilon", 1e-6f);
    }

    String label() {
        return name;
    }

    GgufWriter writer() {
        return writer;
    }

    /** What people run: dense and of experts, with whole, windowed, latent and recurrent memory. */
    static List<Shape> published() {
        return List.of(
                llama(),
                qwen2(),
                qwen3(),
                qwen3moe(),
                gemma2(),
                gemma3(),
                phi3(),
                gptOss(),
                deepseek2(),
                glm4(),
                olmo2(),
                cohere2(),
                mamba());
    }

    /** Nobody's models: each makes another step of the graph the widest. */
    static List<Shape> odd() {
        return List.of(
                llama("small-vocabulary", 4096, 32, 32, 32, 128, 11_008, 32_000),
                llama("wide-heads", 1024, 28, 16, 8, 128, 3072, 151_936),
                llama("attention-first", 1024, 8, 64, 8, 256, 1024, 1000));
    }

    private static Shape llama() {
        return llama("Llama-3.1-8B", 4096, 32, 32, 8, 128, 14_336, 128_256);
    }

    private static Shape llama(
            String name, int width, int layers, int heads, int kvHeads, int head, int hidden, int vocabulary) {
        var shape = new Shape(name, "llama", width, layers, 131_072)
                .heads(heads, kvHeads, head)
                .hidden(hidden)
                .vocabulary(vocabulary, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "ffn_norm")
                .attention(block, heads, kvHeads, head)
                .gated(block, hidden));
    }

    private static Shape qwen2() {
        var shape = new Shape("Qwen2.5-7B", "qwen2", 3584, 28, 32_768)
                .heads(28, 4, 128)
                .hidden(18_944)
                .vocabulary(152_064, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "ffn_norm")
                .attention(block, 28, 4, 128)
                .vector(block + "attn_q.bias", 28 * 128)
                .vector(block + "attn_k.bias", 4 * 128)
                .vector(block + "attn_v.bias", 4 * 128)
                .gated(block, 18_944));
    }

    private static Shape qwen3() {
        var shape = new Shape("Qwen3-8B", "qwen3", 4096, 36, 40_960)
                .heads(32, 8, 128)
                .hidden(12_288)
                .vocabulary(151_936, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "ffn_norm")
                .attention(block, 32, 8, 128)
                .normedHeads(block, 128)
                .gated(block, 12_288));
    }

    private static Shape qwen3moe() {
        var shape = new Shape("Qwen3-30B-A3B", "qwen3moe", 2048, 48, 40_960)
                .heads(32, 4, 128)
                .hidden(6144)
                .experts(128, 8, 768)
                .vocabulary(151_936, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "ffn_norm")
                .attention(block, 32, 4, 128)
                .normedHeads(block, 128)
                .experts(block, 128, 768));
    }

    private static Shape gemma2() {
        var shape = new Shape("Gemma-2-9B", "gemma2", 3584, 42, 8192)
                .heads(16, 8, 256)
                .hidden(14_336)
                .key("attention.sliding_window", 4096)
                .number("attn_logit_softcapping", 50)
                .number("final_logit_softcapping", 30)
                .vocabulary(256_000, true);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
                .attention(block, 16, 8, 256)
                .gated(block, 14_336));
    }

    private static Shape gemma3() {
        var shape = new Shape("Gemma-3-12B", "gemma3", 3840, 48, 131_072)
                .heads(16, 8, 256)
                .hidden(15_360)
                .key("attention.sliding_window", 1024)
                .vocabulary(262_208, true);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
                .attention(block, 16, 8, 256)
                .normedHeads(block, 256)
                .gated(block, 15_360));
    }

    private static Shape phi3() {
        var shape = new Shape("Phi-3.5-mini", "phi3", 3072, 32, 131_072)
                .heads(32, 32, 96)
                .hidden(8192)
                .key("rope.scaling.original_context_length", 4096)
                .vocabulary(32_064, false)
                .vector("rope_factors_long.weight", 48)
                .vector("rope_factors_short.weight", 48);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "ffn_norm")
                .matrix(block + "attn_qkv", 3072, 3 * 3072)
                .matrix(block + "attn_output", 3072, 3072)
                .matrix(block + "ffn_up", 3072, 2 * 8192)
                .matrix(block + "ffn_down", 8192, 3072));
    }

    private static Shape gptOss() {
        var shape = new Shape("gpt-oss-20b", "gpt-oss", 2880, 24, 131_072)
                .heads(64, 8, 64)
                .hidden(2880)
                .experts(32, 4, 2880)
                .key("attention.sliding_window", 128)
                .vocabulary(201_088, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "post_attention_norm")
                .attention(block, 64, 8, 64)
                .vector(block + "attn_q.bias", 64 * 64)
                .vector(block + "attn_k.bias", 8 * 64)
                .vector(block + "attn_v.bias", 8 * 64)
                .vector(block + "attn_output.bias", 2880)
                .vector(block + "attn_sinks.weight", 64)
                .experts(block, 32, 2880)
                .vector(block + "ffn_gate_inp.bias", 32)
                .vectors(block + "ffn_gate_exps.bias", 2880, 32)
                .vectors(block + "ffn_up_exps.bias", 2880, 32)
                .vectors(block + "ffn_down_exps.bias", 2880, 32));
    }

    /** Attention over a latent vector: what is remembered of a token is one narrow vector for all heads. */
    private static Shape deepseek2() {
        var shape = new Shape("DeepSeek-V2-Lite", "deepseek2", 2048, 27, 163_840)
                .key("attention.head_count", 16)
                .key("attention.head_count_kv", 1)
                .key("attention.key_length", 576)
                .key("attention.value_length", 512)
                .key("attention.key_length_mla", 192)
                .key("attention.value_length_mla", 128)
                .key("attention.kv_lora_rank", 512)
                .key("rope.dimension_count", 64)
                .hidden(10_944)
                .experts(64, 6, 1408)
                .key("leading_dense_block_count", 1)
                .key("expert_shared_count", 2)
                .number("expert_weights_scale", 1)
                .vocabulary(102_400, false);
        return shape.blocks(block -> {
            shape.norm(block, "attn_norm", "ffn_norm")
                    .vector(block + "attn_kv_a_norm.weight", 512)
                    .matrix(block + "attn_q", 2048, 16 * 192)
                    .matrix(block + "attn_kv_a_mqa", 2048, 576)
                    .matrix(block + "attn_k_b", 128, 512, 16)
                    .matrix(block + "attn_v_b", 512, 128, 16)
                    .matrix(block + "attn_output", 16 * 128, 2048);
            if (block.equals("blk.0.")) shape.gated(block, 10_944);
            else
                shape.experts(block, 64, 1408)
                        .matrix(block + "ffn_gate_shexp", 2048, 2 * 1408)
                        .matrix(block + "ffn_up_shexp", 2048, 2 * 1408)
                        .matrix(block + "ffn_down_shexp", 2 * 1408, 2048);
        });
    }

    private static Shape glm4() {
        var shape = new Shape("GLM-4-9B", "glm4", 4096, 40, 32_768)
                .heads(32, 2, 128)
                .hidden(13_696)
                .vocabulary(151_552, false);
        return shape.blocks(block -> shape.norm(block, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
                .attention(block, 32, 2, 128)
                .matrix(block + "ffn_up", 4096, 2 * 13_696)
                .matrix(block + "ffn_down", 13_696, 4096));
    }

    private static Shape olmo2() {
        var shape = new Shape("OLMo-2-7B", "olmo2", 4096, 32, 4096)
                .heads(32, 32, 128)
                .hidden(11_008)
                .vocabulary(100_352, false);
        return shape.blocks(block -> shape.norm(block, "post_attention_norm", "post_ffw_norm")
                .attention(block, 32, 32, 128)
                .vector(block + "attn_q_norm.weight", 4096)
                .vector(block + "attn_k_norm.weight", 4096)
                .gated(block, 11_008));
    }

    private static Shape cohere2() {
        var shape = new Shape("Command-R7B", "cohere2", 4096, 32, 131_072)
                .heads(32, 8, 128)
                .hidden(14_336)
                .key("attention.sliding_window", 4096)
                .number("logit_scale", 0.25f)
                .number("attention.layer_norm_epsilon", 1e-5f)
                .vocabulary(256_000, true);
        return shape.blocks(block ->
                shape.norm(block, "attn_norm").attention(block, 32, 8, 128).gated(block, 14_336));
    }

    /** No attention at all: what is remembered has one size, whatever the context. */
    private static Shape mamba() {
        var shape = new Shape("Mamba-2.8B", "mamba", 2560, 64, 1_048_576)
                .key("feed_forward_length", 0)
                .key("attention.head_count", 0)
                .key("ssm.conv_kernel", 4)
                .key("ssm.inner_size", 5120)
                .key("ssm.state_size", 16)
                .key("ssm.time_step_rank", 160)
                .vocabulary(50_280, true);
        return shape.blocks(block -> shape.norm(block, "attn_norm")
                .matrix(block + "ssm_in", 2560, 2 * 5120)
                .vectors(block + "ssm_conv1d.weight", 4, 5120)
                .vector(block + "ssm_conv1d.bias", 5120)
                .matrix(block + "ssm_x", 5120, 160 + 2 * 16)
                .matrix(block + "ssm_dt", 160, 5120)
                .vector(block + "ssm_dt.bias", 5120)
                .vectors(block + "ssm_a", 16, 5120)
                .vector(block + "ssm_d", 5120)
                .matrix(block + "ssm_out", 5120, 2560));
    }

    private Shape key(String key, long value) {
        writer.u32(architecture + "." + key, value);
        return this;
    }

    private Shape number(String key, float value) {
        writer.f32(architecture + "." + key, value);
        return this;
    }

    private Shape heads(int heads, int kvHeads, int head) {
        return key("attention.head_count", heads)
                .key("attention.head_count_kv", kvHeads)
                .key("attention.key_length", head)
                .key("attention.value_length", head)
                .key("rope.dimension_count", head);
    }

    private Shape hidden(int length) {
        return key("feed_forward_length", length);
    }

    private Shape experts(int count, int used, int hidden) {
        return key("expert_count", count).key("expert_used_count", used).key("expert_feed_forward_length", hidden);
    }

    private Shape vocabulary(int tokens, boolean isTied) {
        writer.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "gpt-2")
                .texts(
                        "tokenizer.ggml.tokens",
                        IntStream.range(0, tokens).mapToObj(id -> "t" + id).toList())
                .texts("tokenizer.ggml.merges", List.of());
        matrix("token_embd", width, tokens).vector("output_norm.weight", width);
        return isTied ? this : matrix("output", width, tokens);
    }

    private Shape blocks(Consumer<String> block) {
        for (int layer = 0; layer < layers; layer++) block.accept("blk." + layer + ".");
        return this;
    }

    private Shape norm(String block, String... names) {
        for (String each : names) vector(block + each + ".weight", width);
        return this;
    }

    private Shape attention(String block, long heads, long kvHeads, long head) {
        return matrix(block + "attn_q", width, heads * head)
                .matrix(block + "attn_k", width, kvHeads * head)
                .matrix(block + "attn_v", width, kvHeads * head)
                .matrix(block + "attn_output", heads * head, width);
    }

    private Shape normedHeads(String block, int head) {
        return vector(block + "attn_q_norm.weight", head).vector(block + "attn_k_norm.weight", head);
    }

    private Shape gated(String block, int hidden) {
        return matrix(block + "ffn_gate", width, hidden)
                .matrix(block + "ffn_up", width, hidden)
                .matrix(block + "ffn_down", hidden, width);
    }

    private Shape experts(String block, int count, int hidden) {
        return vectors(block + "ffn_gate_inp.weight", width, count)
                .matrix(block + "ffn_gate_exps", width, hidden, count)
                .matrix(block + "ffn_up_exps", width, hidden, count)
                .matrix(block + "ffn_down_exps", hidden, width, count);
    }

    private Shape matrix(String tensor, long... dims) {
        boolean isWhole = dims[0] % 256 == 0;
        TensorType type = isWhole ? TensorType.Q4_K : TensorType.Q8_0;
        writer.tensor(tensor + ".weight", type, dims);
        return this;
    }

    private Shape vector(String tensor, long length) {
        writer.tensor(tensor, TensorType.F32, length);
        return this;
    }

    private Shape vectors(String tensor, long... dims) {
        writer.tensor(tensor, TensorType.F32, dims);
        return this;
    }
}
