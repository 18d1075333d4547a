package mesh.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The estimate against what llama-server (build 0.7.0) says of headers of these shapes, as "estimated worst-case memory
 * usage of mmproj". Where pictures are as large as they come it means a middling one, and we the largest.
 */
class SightTest {
    private static final double MIB = 1 << 20;

    @Test
    void projectorsOfOneSizeTakeWhatTheEngineSays() throws Exception {
        assertClose(llava(), 618.16);
        assertClose(gemma3(), 931.75);
        assertClose(smolVlm(), 210.09);
    }

    @Test
    void pictureOfAnySizeIsCountedAtItsLargest() throws Exception {
        long bytes = needBytes(qwen2());

        assertThat(bytes / MIB).isBetween(1_537.02, 1.25 * 1_537.02);
    }

    @Test
    void modelThatSeesNeedsItsProjectorBeside() throws Exception {
        Fit blind = Fit.of(header(text()));
        Fit seeing = blind.seeing(header(smolVlm()));

        assertThat(seeing.needBytes(2_048, 1) - blind.needBytes(2_048, 1)).isEqualTo(needBytes(smolVlm()));
        assertThat(seeing.items(2_048, 1).getLast().what()).isEqualTo("projector");
        assertThat(blind.items(2_048, 1)).noneMatch(item -> item.what().equals("projector"));
    }

    @Test
    void hostileHeaderAsksForTooMuchAndNotForNothing() throws Exception {
        var writer = new GgufWriter()
                .text("general.architecture", "clip")
                .u32("clip.vision.embedding_length", 0xFFFF_FFFFL)
                .u32("clip.vision.feed_forward_length", 0xFFFF_FFFFL)
                .u32("clip.vision.image_size", 0xFFFF_FFFFL)
                .u32("clip.vision.patch_size", 1);
        writer.tensor("v.patch_embd.weight", TensorType.F16, 32);

        assertThat(needBytes(writer)).isEqualTo(Long.MAX_VALUE);
    }

    private static void assertClose(GgufWriter projector, double engineMib) throws Exception {
        assertThat(needBytes(projector) / MIB).isBetween(engineMib, engineMib * 1.05);
    }

    private static GgufWriter llava() {
        GgufWriter writer = vision("mlp", 1024, 4096, 23, 336, 14, 4096);
        writer.tensor("v.position_embd.weight", TensorType.F32, 1024, 577);
        writer.tensor("mm.0.weight", TensorType.F16, 1024, 4096);
        writer.tensor("mm.2.weight", TensorType.F16, 4096, 4096);
        return writer;
    }

    private static GgufWriter gemma3() {
        GgufWriter writer = vision("gemma3", 1152, 4304, 27, 896, 14, 2560);
        writer.tensor("v.position_embd.weight", TensorType.F32, 1152, 4096);
        writer.tensor("mm.input_projection.weight", TensorType.F16, 2560, 1152);
        return writer;
    }

    private static GgufWriter smolVlm() {
        GgufWriter writer = vision("idefics3", 768, 3072, 12, 512, 16, 960);
        writer.tensor("v.position_embd.weight", TensorType.F32, 768, 1024);
        writer.tensor("mm.model.fc.weight", TensorType.F16, 12_288, 960);
        return writer;
    }

    private static GgufWriter qwen2() {
        GgufWriter writer = vision("qwen2vl_merger", 1280, 5120, 32, 560, 14, 1536);
        writer.tensor("v.patch_embd.weight.1", TensorType.F16, 14, 14, 3, 1280);
        writer.tensor("mm.0.weight", TensorType.F16, 5120, 5120);
        writer.tensor("mm.2.weight", TensorType.F16, 5120, 1536);
        return writer;
    }

    private static GgufWriter vision(
            String kind, int width, int hidden, int blocks, int imagePixels, int patchPixels, int modelWidth) {
        var writer = new GgufWriter()
                .text("general.architecture", "clip")
                .text("clip.projector_type", kind)
                .u32("clip.vision.embedding_length", width)
                .u32("clip.vision.feed_forward_length", hidden)
                .u32("clip.vision.projection_dim", modelWidth)
                .u32("clip.vision.image_size", imagePixels)
                .u32("clip.vision.patch_size", patchPixels);
        writer.tensor("v.patch_embd.weight", TensorType.F16, patchPixels, patchPixels, 3, width);
        for (int block = 0; block < blocks; block++) {
            for (String part : List.of("attn_q", "attn_k", "attn_v", "attn_out"))
                writer.tensor("v.blk." + block + "." + part + ".weight", TensorType.F16, width, width);
            writer.tensor("v.blk." + block + ".ffn_up.weight", TensorType.F16, width, hidden);
            writer.tensor("v.blk." + block + ".ffn_down.weight", TensorType.F16, hidden, width);
        }
        return writer;
    }

    private static GgufWriter text() {
        var writer = new GgufWriter()
                .text("general.architecture", "llama")
                .u32("llama.block_count", 1)
                .u32("llama.embedding_length", 32)
                .u32("llama.attention.head_count", 1);
        writer.tensor("output.weight", TensorType.F16, 32, 32);
        return writer;
    }

    private static long needBytes(GgufWriter projector) throws Exception {
        return Sight.needBytes(header(projector));
    }

    private static GgufHeader header(GgufWriter writer) throws Exception {
        byte[] head = writer.header();
        Bytes file = new Bytes() {
            @Override
            public long size() {
                return head.length + writer.dataBytes();
            }

            @Override
            public ByteBuffer read(long offset, int length) {
                int there = (int) Math.max(0, Math.min(length, head.length - offset));
                return ByteBuffer.wrap(head, (int) Math.min(offset, head.length), there)
                        .slice();
            }
        };
        return ((GgufRead.Read) GgufReader.read("projector", file)).header();
    }
}
