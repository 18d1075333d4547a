package mesh.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * What a model takes in memory, worked out from its header alone, and the context and slots with which it fits. Errs on
 * the side of too much: a sliding window of an architecture not listed in {@link Windows} is counted as full attention,
 * a hybrid's layers as both kinds. Checked against the engine's own figures. Immutable.
 *
 * @param weightBytes all tensors
 * @param layers how many the model can be cut into
 * @param contextMax the longest context the model was trained for; 0 when unknown
 * @param kvBytesPerToken keys and values of one past token, all layers that remember the whole context
 * @param windowBytesPerToken the same of all layers that remember only a window of it
 * @param windowTokens how many tokens those remember
 * @param stateBytesPerSlot what recurrent layers remember, whatever the context
 * @param batchBytes intermediate results of one batch of tokens
 * @param engineBytes the engine itself and the vocabulary
 * @param projectorBytes what turns pictures into tokens, with its intermediate results; 0 where there is none
 */
public record Fit(
        long weightBytes,
        int layers,
        int contextMax,
        long kvBytesPerToken,
        long windowBytesPerToken,
        long windowTokens,
        long stateBytesPerSlot,
        long batchBytes,
        long engineBytes,
        long projectorBytes) {
    /** What most chats and tools need; more is asked for by name, since it costs memory on every slot. */
    public static final int CONTEXT_TARGET = 8192;

    /** Below that an assistant forgets the question; a model that needs less memory is the better answer. */
    public static final int CONTEXT_FLOOR = 2048;

    /** As many as the engine opens by itself. */
    public static final int SLOTS_TARGET = 4;

    /** The engine rounds each slot's context up to whole cells of that many tokens. */
    private static final int CONTEXT_CELL = 256;

    /** Tokens that the engine works on at once, by default. */
    private static final long BATCH_TOKENS = 512;

    private static final long FLOAT_BYTES = 4;

    /** One mask entry, f16, per token of the batch and token of the context. */
    private static final long MASK_BYTES = 2;

    /**
     * Live at once beside the widest step: five vectors of the model's width per token, in every graph that was
     * measured, and up to two more lost to gaps.
     */
    private static final long WIDTHS_LIVE = 7;

    /** Program, threads and buffers of an engine that serves the smallest model: 26 MB measured. */
    private static final long ENGINE_BYTES = 32L << 20;

    /** A token's text, hash entries and merges. */
    private static final long VOCABULARY_ENTRY_BYTES = 256;

    /** Both directions of the time shift that RWKV layers keep. */
    private static final long RWKV_SHIFTS = 2;

    /** What a user asks for; 0 leaves the choice to us. */
    public record Ask(int context, int slots) {
        public static final Ask ANY = new Ask(0, 0);

        public Ask {
            if (context < 0 || slots < 0) throw new IllegalArgumentException("context=" + context + " slots=" + slots);
        }
    }

    /** One line of the sum, for people. */
    public record Item(String what, long bytes) {}

    /** Whether the model fits; {@code context} is that of one slot. */
    public sealed interface Verdict {
        /** In one line, with the numbers. */
        String why();

        record Fits(int context, int slots, long needBytes, long kvBytes, long usableBytes) implements Verdict {
            @Override
            public String why() {
                return sentence(needBytes, usableBytes, context, slots);
            }
        }

        /** The numbers are those of the least that was allowed. */
        record TooBig(int context, int slots, long needBytes, long usableBytes) implements Verdict {
            @Override
            public String why() {
                return sentence(needBytes, usableBytes, context, slots);
            }
        }

        private static String sentence(long needBytes, long usableBytes, int context, int slots) {
            return "need %s, have %s (context %d, slots %d)"
                    .formatted(gigabytes(needBytes), gigabytes(usableBytes), context, slots);
        }
    }

    public static Fit of(GgufHeader header) {
        return of(header, KvType.F16);
    }

    public static Fit of(GgufHeader header, KvType kvType) {
        long weights = 0;
        for (GgufHeader.Tensor tensor : header.tensors()) weights = Saturated.plus(weights, tensor.bytes());
        var sizes = new Sizes(header);
        var windows = Windows.of(header);
        return new Fit(
                weights,
                header.layers(),
                header.contextMax(),
                sizes.kvBytesPerToken(kvType, layer -> !windows.isWindowed(layer)),
                sizes.kvBytesPerToken(kvType, windows::isWindowed),
                windows.tokens(),
                sizes.stateBytes(),
                sizes.batchBytes(),
                Saturated.plus(ENGINE_BYTES, Saturated.times(sizes.vocabulary, VOCABULARY_ENTRY_BYTES)),
                0);
    }

    /** The same with the projector whose header this is. */
    public Fit seeing(GgufHeader projector) {
        return new Fit(
                weightBytes,
                layers,
                contextMax,
                kvBytesPerToken,
                windowBytesPerToken,
                windowTokens,
                stateBytesPerSlot,
                batchBytes,
                engineBytes,
                Sight.needBytes(projector));
    }

    /** The sum at {@code context} tokens for each of {@code slots}, item by item. */
    public List<Item> items(int context, int slots) {
        var items = new ArrayList<>(List.of(
                new Item("weights", weightBytes),
                new Item("KV cache", kvBytes(context, slots)),
                new Item("recurrent state", Saturated.times(stateBytesPerSlot, slots)),
                new Item("compute buffers", computeBytes(context)),
                new Item("engine", engineBytes)));
        if (projectorBytes > 0) items.add(new Item("projector", projectorBytes));
        return List.copyOf(items);
    }

    public long needBytes(int context, int slots) {
        long sum = 0;
        for (Item item : items(context, slots)) sum = Saturated.plus(sum, item.bytes());
        return sum;
    }

    public long kvBytes(int context, int slots) {
        long whole = Saturated.times(kvBytesPerToken, padded(context));
        long windowed = Saturated.times(windowBytesPerToken, Math.min(padded(context), remembered(windowTokens)));
        return Saturated.times(Saturated.plus(whole, windowed), slots);
    }

    /** A window moves on only after a batch, so a batch more is kept. */
    private static long remembered(long window) {
        return padded(Saturated.plus(window, BATCH_TOKENS));
    }

    public long computeBytes(int context) {
        return Saturated.plus(batchBytes, padded(context) * BATCH_TOKENS * MASK_BYTES);
    }

    /**
     * The most comfortable choice that fits: slots are given up before context, and nothing that was asked for is given
     * up. A context beyond what the model was trained for is cut to that.
     */
    public Verdict within(long usableBytes, Ask ask) {
        int longest = contextMax > 0 ? contextMax : Integer.MAX_VALUE;
        int context = Math.min(longest, ask.context() > 0 ? ask.context() : CONTEXT_TARGET);
        int contextFloor = ask.context() > 0 ? context : Math.min(context, CONTEXT_FLOOR);
        int slotsMost = ask.slots() > 0 ? ask.slots() : SLOTS_TARGET;
        int slotsFloor = ask.slots() > 0 ? ask.slots() : 1;
        while (true) {
            for (int slots = slotsMost; slots >= slotsFloor; slots = slots == 1 ? 0 : Math.max(slotsFloor, slots / 2)) {
                long need = needBytes(context, slots);
                if (need <= usableBytes)
                    return new Verdict.Fits(context, slots, need, kvBytes(context, slots), usableBytes);
                if (slots == slotsFloor) break;
            }
            if (context == contextFloor)
                return new Verdict.TooBig(context, slotsFloor, needBytes(context, slotsFloor), usableBytes);
            context = Math.max(contextFloor, context / 2);
        }
    }

    /** Decimal, as disks and model pages count. */
    public static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, bytes < 1_000_000_000 ? "%.2f GB" : "%.1f GB", bytes / 1e9);
    }

    private static long padded(long tokens) {
        return Saturated.plus(tokens, CONTEXT_CELL - 1) / CONTEXT_CELL * CONTEXT_CELL;
    }

    /** The numbers of the header that memory depends on, with what the format says holds when one is missing. */
    private static final class Sizes {
        final GgufHeader header;
        final int layers;
        final long width;
        final long vocabulary;

        Sizes(GgufHeader header) {
            this.header = header;
            layers = header.layers();
            width = hyper("embedding_length", 0);
            vocabulary = Math.max(
                    header.length("tokenizer.ggml.tokens"),
                    header.hyper("vocab_size").orElse(0));
        }

        long kvBytesPerToken(KvType type, IntPredicate ofLayer) {
            if (header.hyper("attention.causal").orElse(1) == 0) return 0;
            // Latent attention finds its values in its keys.
            boolean hasValues = header.hyper("attention.key_length_mla").isEmpty();
            long bytes = 0;
            for (int layer = 0; layer < layers; layer++) {
                if (!ofLayer.test(layer)) continue;
                long heads = kvHeads(layer);
                bytes = Saturated.plus(bytes, type.bytes(Saturated.times(heads, keyLength(layer))));
                if (hasValues) bytes = Saturated.plus(bytes, type.bytes(Saturated.times(heads, valueLength(layer))));
            }
            return bytes;
        }

        /** Mamba-like and RWKV-like layers; a model says which it has by the keys it carries. */
        long stateBytes() {
            long inner = hyper("ssm.inner_size", 0);
            long state = hyper("ssm.state_size", 0);
            long groups = Saturated.times(2 * hyper("ssm.group_count", 0), state);
            long convolved =
                    Saturated.times(Math.max(0, hyper("ssm.conv_kernel", 0) - 1), Saturated.plus(inner, groups));
            long values = Saturated.plus(Saturated.times(inner, state), convolved);
            long head = hyper("wkv.head_size", 0);
            if (head > 0) values = Saturated.plus(values, Saturated.times(width, Saturated.plus(head, RWKV_SHIFTS)));
            return Saturated.times(Saturated.times(values, FLOAT_BYTES), layers);
        }

        /** The widest step of the graph sets the size: attention, feed-forward, experts or the logits. */
        long batchBytes() {
            long attention = 0;
            long hidden = 0;
            for (int layer = 0; layer < layers; layer++) {
                long queries = Saturated.times(heads(layer), keyLength(layer));
                long keys = Saturated.times(kvHeads(layer), Math.max(keyLength(layer), valueLength(layer)));
                attention = Math.max(attention, Saturated.times(2, Saturated.plus(queries, keys)));
                hidden = Math.max(hidden, hyper("feed_forward_length", layer, 0));
            }
            long experts = Saturated.times(hyper("expert_used_count", 0), hyper("expert_feed_forward_length", hidden));
            long widest = Math.max(Math.max(attention, vocabulary), Saturated.times(3, Math.max(hidden, experts)));
            long perToken = Saturated.plus(Saturated.times(WIDTHS_LIVE, width), widest);
            return Saturated.times(perToken, BATCH_TOKENS * FLOAT_BYTES);
        }

        private long heads(int layer) {
            return hyper("attention.head_count", layer, 0);
        }

        private long kvHeads(int layer) {
            return hyper("attention.head_count_kv", layer, heads(layer));
        }

        private long keyLength(int layer) {
            return hyper("attention.key_length", heads(layer) == 0 ? 0 : width / heads(layer));
        }

        private long valueLength(int layer) {
            return hyper("attention.value_length", heads(layer) == 0 ? 0 : width / heads(layer));
        }

        private long hyper(String key, long fallback) {
            return Math.max(0, header.hyper(key).orElse(fallback));
        }

        private long hyper(String key, int layer, long fallback) {
            return Math.max(0, header.hyper(key, layer).orElse(fallback));
        }
    }
}
