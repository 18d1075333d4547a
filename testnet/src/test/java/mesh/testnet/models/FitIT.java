package mesh.testnet.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import mesh.core.model.Fit;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our estimate against the engine's own: never less by more than its rounding to MiB, and never so much more that a
 * model that fits would be turned away.
 */
class FitIT {
    private static final long MIB = 1L << 20;

    /** The engine prints three whole MiB; each may be rounded by one. */
    private static final long ROUNDING_BYTES = 3 * MIB;

    /** What the estimate may add on the safe side: compute buffers that overlap, the engine itself aside. */
    private static final double SURPLUS = 0.05;

    private static final long SURPLUS_BYTES = 24 * MIB;

    private static final Pattern HOST = Pattern.compile("(?m)^Host (\\d+) (\\d+) (\\d+)");

    private RealLlama llama;

    @BeforeEach
    void findLlama() throws Exception {
        llama = RealLlama.orSkip();
    }

    @TempDir
    Path folder;

    @Test
    void demoModelsNeedWhatTheEngineSays() throws Exception {
        for (String demo : new String[] {"demo-tiny", "demo", "demo-large"}) {
            ModelFile model = open(demo);
            for (int[] ask : new int[][] {{512, 1}, {4096, 1}, {8192, 1}, {2048, 4}, {8192, 4}})
                compare(demo, model, ask[0], ask[1]);
        }
    }

    /** Headers of the shapes that real models have; the weights are a hole in the file. */
    @Test
    void realShapesNeedWhatTheEngineSays() throws Exception {
        shape("dense-8b", new Shape(4096, 32, 32, 8, 128, 14_336, 0, 0, 128_256));
        shape("small-vocabulary", new Shape(4096, 32, 32, 32, 128, 11_008, 0, 0, 32_000));
        shape("wide-heads", new Shape(1024, 28, 16, 8, 128, 3072, 0, 0, 151_936));
        shape("experts", new Shape(4096, 32, 32, 8, 128, 14_336, 8, 2, 32_000));
        shape("attention-first", new Shape(1024, 8, 64, 8, 256, 1024, 0, 0, 1000));
    }

    private void shape(String name, Shape shape) throws Exception {
        Path file = folder.resolve(name + ".gguf");
        GgufWriter writer = shape.writer();
        byte[] header = writer.header();
        try (var out = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.wrap(header));
            out.write(ByteBuffer.allocate(1), header.length + writer.dataBytes() - 1);
        }
        ModelFile model = open(file.toString());
        for (int[] ask : new int[][] {{512, 1}, {8192, 1}, {32_768, 1}, {8192, 4}})
            compare(name, model, ask[0], ask[1]);
    }

    private void compare(String name, ModelFile model, int context, int slots) throws Exception {
        String printed = llama.run(
                folder.resolve("fit.log"),
                "llama-fit-params",
                "-m",
                model.path().toString(),
                "-c",
                String.valueOf(context * slots),
                "-np",
                String.valueOf(slots),
                "--fit-print",
                "on");
        Matcher host = HOST.matcher(printed);
        assertThat(host.find()).as(printed).isTrue();
        long cacheAndBuffers = (Long.parseLong(host.group(2)) + Long.parseLong(host.group(3))) * MIB;
        Fit fit = model.fit();
        // Weights are taken from the file: the tool leaves out those that it would copy into another layout.
        long engine = fit.weightBytes() + cacheAndBuffers;
        long ours = fit.needBytes(context, slots) - fit.engineBytes();

        String what =
                "%s context=%d slots=%d ours=%d engine=%d".formatted(name, context, slots, ours / MIB, engine / MIB);
        assertThat(ours).as(what).isGreaterThanOrEqualTo(engine - ROUNDING_BYTES);
        assertThat(ours).as(what).isLessThanOrEqualTo((long) (engine * (1 + SURPLUS)) + SURPLUS_BYTES);
    }

    private ModelFile open(String said) {
        Resolved resolved = new ModelStore(folder, Catalog::bundled).find(said);
        assertThat(resolved).isInstanceOf(Resolved.Found.class);
        return ((Resolved.Found) resolved).file();
    }

    private record Shape(
            int width,
            int layers,
            int heads,
            int kvHeads,
            int head,
            int hidden,
            int experts,
            int used,
            int vocabulary) {
        GgufWriter writer() {
            var writer = new GgufWriter()
                    .text("general.architecture", "llama")
                    .u32("llama.block_count", layers)
                    .u32("llama.context_length", 131_072)
                    .u32("llama.embedding_length", width)
                    .u32("llama.feed_forward_length", hidden)
                    .u32("llama.attention.head_count", heads)
                    .u32("llama.attention.head_count_kv", kvHeads)
                    .u32("llama.attention.key_length", head)
                    .u32("llama.attention.value_length", head)
                    .u32("llama.rope.dimension_count", head)
                    .u32("llama.expert_count", experts)
                    .u32("llama.expert_used_count", used)
                    .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                    .text("tokenizer.ggml.model", "gpt2")
                    .text("tokenizer.ggml.pre", "gpt-2")
                    .texts("tokenizer.ggml.tokens", tokens())
                    .texts("tokenizer.ggml.merges", List.of());
            matrix(writer, "token_embd", width, vocabulary);
            for (int layer = 0; layer < layers; layer++) block(writer, "blk." + layer + ".");
            writer.tensor("output_norm.weight", TensorType.F32, width);
            matrix(writer, "output", width, vocabulary);
            return writer;
        }

        private void block(GgufWriter writer, String block) {
            writer.tensor(block + "attn_norm.weight", TensorType.F32, width);
            matrix(writer, block + "attn_q", width, (long) heads * head);
            matrix(writer, block + "attn_k", width, (long) kvHeads * head);
            matrix(writer, block + "attn_v", width, (long) kvHeads * head);
            matrix(writer, block + "attn_output", (long) heads * head, width);
            writer.tensor(block + "ffn_norm.weight", TensorType.F32, width);
            if (experts == 0) {
                matrix(writer, block + "ffn_gate", width, hidden);
                matrix(writer, block + "ffn_up", width, hidden);
                matrix(writer, block + "ffn_down", hidden, width);
                return;
            }
            writer.tensor(block + "ffn_gate_inp.weight", TensorType.F32, width, experts);
            matrix(writer, block + "ffn_gate_exps", width, hidden, experts);
            matrix(writer, block + "ffn_up_exps", width, hidden, experts);
            matrix(writer, block + "ffn_down_exps", hidden, width, experts);
        }

        private List<String> tokens() {
            return IntStream.range(0, vocabulary).mapToObj(id -> "t" + id).toList();
        }

        private static void matrix(GgufWriter writer, String name, long... dims) {
            writer.tensor(name + ".weight", TensorType.Q4_K, dims);
        }
    }
}
