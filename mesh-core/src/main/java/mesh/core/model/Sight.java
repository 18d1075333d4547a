package mesh.core.model;

import java.util.List;

/**
 * What a projector takes in memory, worked out from its header alone: its weights, and the intermediate results of the
 * largest picture that it takes at once. The engine itself reckons with a middling picture where the size is open, and
 * takes more when a larger one comes. Attention is counted as flash attention, which needs no scores for all pairs.
 * Stateless.
 */
final class Sight {
    private static final long FLOAT_BYTES = 4;
    private static final long COLOURS = 3;

    /** Live at once beside the feed-forward, in vectors of the projector's width: measured on five architectures. */
    private static final long WIDTHS_LIVE = 3;

    /** The same while queries and keys are turned by their place in the picture, in plain steps: measured on Pixtral. */
    private static final long WIDTHS_TURNED = 16;

    /** Of what a picture becomes for the model, twice, in and out of the last step. */
    private static final long OUTPUTS_LIVE = 2;

    /** Sound comes in pieces of 30 s, 100 steps each second. */
    private static final long SOUND_STEPS = 3_000;

    /** Kinds whose pictures are as large as they come, by how their names begin. */
    private static final List<Open> OPEN = List.of(
            new Open("qwen", 4_096, 2),
            new Open("glm4v", 4_096, 2),
            new Open("kimik25", 4_096, 2),
            new Open("hunyuan", 16_384, 2),
            new Open("youtuvl", 62_500, 2),
            new Open("pixtral", 1_024, 1),
            new Open("lightonocr", 1_024, 2),
            new Open("kimivl", 1_024, 2));

    /** {@code side}: patches on each side that become one token, where the file does not say. */
    private record Open(String kind, long tokensMax, long side) {}

    private Sight() {}

    static long needBytes(GgufHeader projector) {
        long sum = Saturated.plus(pictureBytes(projector), soundBytes(projector));
        for (GgufHeader.Tensor tensor : projector.tensors()) sum = Saturated.plus(sum, tensor.bytes());
        return sum;
    }

    private static long pictureBytes(GgufHeader header) {
        long width = hyper(header, "vision.embedding_length");
        if (width == 0) return 0;
        String kind = header.text("clip.projector_type")
                .or(() -> header.text("clip.vision.projector_type"))
                .orElse("");
        long side = Math.max(1, hyper(header, "vision.patch_size"));
        long patches = patches(header, kind, side);
        boolean isGated =
                header.tensors().stream().anyMatch(tensor -> tensor.name().endsWith("ffn_gate.weight"));
        boolean hasPlaces =
                header.tensors().stream().anyMatch(tensor -> tensor.name().equals("v.position_embd.weight"));
        boolean isTurnedPlainly = !hasPlaces && !kind.startsWith("qwen");
        long hidden = Saturated.times(hyper(header, "vision.feed_forward_length"), isGated ? 2 : 1);
        long step = Saturated.plus(hidden, Saturated.times(WIDTHS_LIVE, width));
        if (isTurnedPlainly) step = Math.max(step, Saturated.times(WIDTHS_TURNED, width));
        long output = Saturated.times(OUTPUTS_LIVE, Saturated.plus(width, hyper(header, "vision.projection_dim")));
        long perPatch = Saturated.plus(Math.max(step, output), Saturated.times(COLOURS * side, side));
        long values = Saturated.times(perPatch, patches);
        // Attention in windows has a mask for all pairs.
        if (hyper(header, "vision.n_wa_pattern") > 0)
            values = Saturated.plus(values, Saturated.times(patches, patches));
        return Saturated.times(values, FLOAT_BYTES);
    }

    private static long patches(GgufHeader header, String kind, long side) {
        long across = hyper(header, "vision.image_size") / side;
        long most = Math.max(
                Saturated.times(across, across),
                hyper(header, "vision.image_max_pixels") / Saturated.times(side, side));
        for (Open open : OPEN) {
            if (!kind.startsWith(open.kind())) continue;
            long merged = header.hyper("vision.spatial_merge_size").orElse(open.side());
            most = Saturated.times(open.tokensMax(), Saturated.times(merged, merged));
        }
        // The picture as a whole has a place of its own in some.
        return Saturated.plus(most, 1);
    }

    private static long soundBytes(GgufHeader header) {
        long width = hyper(header, "audio.embedding_length");
        if (width == 0) return 0;
        long step = Saturated.plus(hyper(header, "audio.feed_forward_length"), Saturated.times(WIDTHS_LIVE, width));
        return Saturated.times(Saturated.times(step, SOUND_STEPS), FLOAT_BYTES);
    }

    private static long hyper(GgufHeader header, String key) {
        return Math.max(0, header.hyper(key).orElse(0));
    }
}
