package mesh.daemon.models;

import java.nio.ByteBuffer;
import mesh.core.model.Bytes;
import mesh.core.model.GgufWriter;

/**
 * The projector of a demo model that sees, a {@link DemoFormula} too: 16 patches of a picture of 32 by 32 pixels, one
 * block of attention, and a vector of the model's width for each patch. What it makes of a picture means nothing, but
 * another picture makes another text. Immutable, any thread.
 */
public final class DemoProjector implements Bytes {
    private static final int IMAGE_PIXELS = 32;
    private static final int PATCH_PIXELS = 8;
    private static final int PATCHES = (IMAGE_PIXELS / PATCH_PIXELS) * (IMAGE_PIXELS / PATCH_PIXELS);
    private static final int COLOURS = 3;
    private static final int WIDTH = 64;
    private static final int HIDDEN = 128;
    private static final int HEADS = 2;

    /** Of this kind of projector the engine never runs the last block, which has to be there all the same. */
    private static final int BLOCKS = 2;

    private final DemoFormula formula;

    DemoProjector(String model, int modelWidth) {
        formula = new DemoFormula("mmproj-" + model);
        keys(formula.keys(), modelWidth);
        tensors(modelWidth);
        formula.close();
    }

    private static void keys(GgufWriter writer, int modelWidth) {
        writer.text("general.architecture", "clip")
                .text("general.type", "mmproj")
                .text("general.name", DemoModel.TITLE + "projector")
                .u32("general.file_type", 1)
                .flag("clip.has_vision_encoder", true)
                .text("clip.projector_type", "mlp")
                .flag("clip.use_gelu", true)
                .u32("clip.vision.image_size", IMAGE_PIXELS)
                .u32("clip.vision.patch_size", PATCH_PIXELS)
                .u32("clip.vision.embedding_length", WIDTH)
                .u32("clip.vision.feed_forward_length", HIDDEN)
                .u32("clip.vision.projection_dim", modelWidth)
                .u32("clip.vision.block_count", BLOCKS)
                .u32("clip.vision.attention.head_count", HEADS)
                .f32("clip.vision.attention.layer_norm_epsilon", 1e-5f)
                .f32s("clip.vision.image_mean", 0.5f, 0.5f, 0.5f)
                .f32s("clip.vision.image_std", 0.5f, 0.5f, 0.5f);
    }

    private void tensors(int modelWidth) {
        int patch = PATCH_PIXELS * PATCH_PIXELS * COLOURS;
        int scale = DemoFormula.keeping(WIDTH);
        formula.halves(
                "v.patch_embd.weight",
                formula.noise(DemoFormula.keeping(patch)),
                PATCH_PIXELS,
                PATCH_PIXELS,
                COLOURS,
                WIDTH);
        formula.halves("v.position_embd.weight", formula.noise(scale), WIDTH, PATCHES);
        for (int block = 0; block < BLOCKS; block++) {
            String name = "v.blk." + block + ".";
            formula.ones(name + "ln1.weight", WIDTH);
            for (String part : new String[] {"attn_q", "attn_k", "attn_v", "attn_out"})
                formula.halves(name + part + ".weight", formula.noise(scale), WIDTH, WIDTH);
            formula.ones(name + "ln2.weight", WIDTH);
            formula.halves(name + "ffn_up.weight", formula.noise(scale), WIDTH, HIDDEN);
            formula.halves(name + "ffn_down.weight", formula.noise(DemoFormula.keeping(HIDDEN)), HIDDEN, WIDTH);
        }
        formula.halves("mm.0.weight", formula.noise(scale), WIDTH, modelWidth);
        formula.zeros("mm.0.bias", modelWidth);
        formula.halves("mm.2.weight", formula.noise(DemoFormula.keeping(modelWidth)), modelWidth, modelWidth);
        formula.zeros("mm.2.bias", modelWidth);
    }

    @Override
    public long size() {
        return formula.size();
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        return formula.read(offset, length);
    }
}
