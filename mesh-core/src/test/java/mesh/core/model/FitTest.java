package mesh.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.model.Fit.Ask;
import mesh.core.model.Fit.Verdict;
import org.junit.jupiter.api.Test;

class FitTest {
    private static final long MIB = 1L << 20;

    @Test
    void cacheIsKeysAndValuesOfEveryLayerAndSlot() throws Exception {
        Fit fit = Fit.of(header(eight()));

        assertThat(fit.kvBytesPerToken()).isEqualTo(2L * 32 * 8 * 128 * 2);
        assertThat(fit.kvBytes(8192, 1)).isEqualTo(1024 * MIB);
        assertThat(fit.kvBytes(8192, 4)).isEqualTo(4096 * MIB);
        assertThat(fit.kvBytes(8000, 1)).isEqualTo(fit.kvBytes(8192, 1));
        assertThat(Fit.of(header(eight()), KvType.Q8_0).kvBytes(8192, 1)).isEqualTo(544 * MIB);
    }

    @Test
    void headSizesOfTheirOwnAreRead() throws Exception {
        Fit fit =
                Fit.of(header(eight().u32("llama.attention.key_length", 256).u32("llama.attention.value_length", 64)));

        assertThat(fit.kvBytesPerToken()).isEqualTo(32L * 8 * (256 + 64) * 2);
    }

    @Test
    void layersWithoutAttentionHaveNoCacheButState() throws Exception {
        Fit fit = Fit.of(header(shape(2, 1024, 8, 2048)
                .i32s("llama.attention.head_count_kv", List.of(0, 2))
                .u32("llama.ssm.inner_size", 2048)
                .u32("llama.ssm.state_size", 16)
                .u32("llama.ssm.conv_kernel", 4)));

        assertThat(fit.kvBytesPerToken()).isEqualTo(2L * 2 * 128 * 2);
        assertThat(fit.stateBytesPerSlot()).isEqualTo(2L * 4 * (2048 * 16 + 3 * 2048));
        assertThat(fit.needBytes(1024, 3) - fit.needBytes(1024, 2))
                .isEqualTo(fit.kvBytes(1024, 1) + fit.stateBytesPerSlot());
    }

    @Test
    void encodersKeepNoCache() throws Exception {
        assertThat(Fit.of(header(eight().flag("llama.attention.causal", false))).kvBytes(8192, 4))
                .isZero();
    }

    @Test
    void layersWithAWindowRememberThatAndABatch() throws Exception {
        Fit fit = Fit.of(header(windowed("gemma3")));

        assertThat(fit.kvBytes(8192, 1)).isEqualTo((8L * 8192 + 40L * 1536) * 2 * 8 * 256 * 2);
        assertThat(fit.kvBytes(512, 1)).isEqualTo(48L * 512 * 2 * 8 * 256 * 2);
        assertThat(fit.kvBytes(8192, 4)).isEqualTo(4 * fit.kvBytes(8192, 1));
    }

    @Test
    void windowOfAnArchitectureNobodyCheckedCountsAsTheWholeContext() throws Exception {
        Fit fit = Fit.of(header(windowed("someone-new")));

        assertThat(fit.kvBytes(8192, 1)).isEqualTo(48L * 8192 * 2 * 8 * 256 * 2);
    }

    @Test
    void latentAttentionKeepsItsValuesInItsKeys() throws Exception {
        Fit fit = Fit.of(header(new GgufWriter()
                .text("general.architecture", "deepseek2")
                .u32("deepseek2.block_count", 27)
                .u32("deepseek2.embedding_length", 2048)
                .u32("deepseek2.attention.head_count", 16)
                .u32("deepseek2.attention.head_count_kv", 1)
                .u32("deepseek2.attention.key_length", 576)
                .u32("deepseek2.attention.value_length", 512)
                .u32("deepseek2.attention.key_length_mla", 192)));

        assertThat(fit.kvBytesPerToken()).isEqualTo(27L * 576 * 2);
    }

    @Test
    void itemsAddUpToTheNeed() throws Exception {
        Fit fit = Fit.of(header(eight()));

        assertThat(fit.items(4096, 2).stream().mapToLong(Fit.Item::bytes).sum()).isEqualTo(fit.needBytes(4096, 2));
    }

    @Test
    void plentyOfMemoryGetsTheTargets() throws Exception {
        assertThat(Fit.of(header(eight())).within(100_000 * MIB, Ask.ANY))
                .isInstanceOfSatisfying(Verdict.Fits.class, fits -> {
                    assertThat(fits.context()).isEqualTo(8192);
                    assertThat(fits.slots()).isEqualTo(4);
                });
    }

    @Test
    void slotsAreGivenUpBeforeContext() throws Exception {
        Fit fit = Fit.of(header(eight()));

        assertThat(fit.within(fit.needBytes(8192, 2), Ask.ANY)).isEqualTo(fits(fit, 8192, 2, fit.needBytes(8192, 2)));
        assertThat(fit.within(fit.needBytes(8192, 1) - 1, Ask.ANY))
                .isEqualTo(fits(fit, 4096, 2, fit.needBytes(8192, 1) - 1));
    }

    @Test
    void whatWasAskedForIsNotGivenUp() throws Exception {
        Fit fit = Fit.of(header(eight()));
        long usable = fit.needBytes(8192, 3) - 1;

        assertThat(fit.within(usable, new Ask(8192, 3))).isEqualTo(new Verdict.TooBig(8192, 3, usable + 1, usable));
        assertThat(fit.within(usable, new Ask(8192, 0))).isEqualTo(fits(fit, 8192, 2, usable));
        assertThat(fit.within(usable, new Ask(0, 3))).isEqualTo(fits(fit, 4096, 3, usable));
    }

    @Test
    void contextEndsWhereTheTrainingDid() throws Exception {
        Fit fit = Fit.of(header(eight()));

        assertThat(fit.within(Long.MAX_VALUE, new Ask(1 << 20, 1)))
                .isInstanceOfSatisfying(
                        Verdict.Fits.class, fits -> assertThat(fits.context()).isEqualTo(131_072));
    }

    @Test
    void refusalSaysTheNumbers() {
        var tooBig = new Verdict.TooBig(2048, 1, 55_000_000_000L, 51_500_000_000L);

        assertThat(tooBig.why()).isEqualTo("need 55.0 GB, have 51.5 GB (context 2048, slots 1)");
    }

    @Test
    void absurdHeadersNeedTooMuchAndNotLessThanNothing() throws Exception {
        Fit fit = Fit.of(header(shape(0xFFFF_FFFFL, 0xFFFF_FFFFL, 0xFFFF_FFFFL, 0xFFFF_FFFFL)
                .u32("llama.attention.key_length", 0xFFFF_FFFFL)
                .u32("llama.expert_used_count", 0xFFFF_FFFFL)
                .u32("llama.ssm.inner_size", 0xFFFF_FFFFL)
                .u32("llama.ssm.state_size", 0xFFFF_FFFFL)));

        assertThat(fit.needBytes(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(fit.within(1L << 50, Ask.ANY)).isInstanceOf(Verdict.TooBig.class);
    }

    private static Verdict.Fits fits(Fit fit, int context, int slots, long usableBytes) {
        return new Verdict.Fits(
                context, slots, fit.needBytes(context, slots), fit.kvBytes(context, slots), usableBytes);
    }

    /** The shape of a usual model of eight billion parameters. */
    private static GgufWriter eight() {
        return shape(32, 4096, 32, 14_336).u32("llama.attention.head_count_kv", 8);
    }

    private static GgufWriter windowed(String architecture) {
        return new GgufWriter()
                .text("general.architecture", architecture)
                .u32(architecture + ".block_count", 48)
                .u32(architecture + ".embedding_length", 3840)
                .u32(architecture + ".attention.head_count", 16)
                .u32(architecture + ".attention.head_count_kv", 8)
                .u32(architecture + ".attention.key_length", 256)
                .u32(architecture + ".attention.value_length", 256)
                .u32(architecture + ".attention.sliding_window", 1024);
    }

    private static GgufWriter shape(long layers, long width, long heads, long hidden) {
        return new GgufWriter()
                .text("general.architecture", "llama")
                .u32("llama.block_count", layers)
                .u32("llama.context_length", 131_072)
                .u32("llama.embedding_length", width)
                .u32("llama.feed_forward_length", hidden)
                .u32("llama.attention.head_count", heads)
                .u32("llama.vocab_size", 128_256);
    }

    private static GgufHeader header(GgufWriter writer) throws Exception {
        byte[] bytes = writer.tensor("t", TensorType.F32, 32).header();
        GgufRead read = GgufReader.read("test", new MemoryBytes(bytes, bytes.length + 128));
        assertThat(read).isInstanceOf(GgufRead.Read.class);
        return ((GgufRead.Read) read).header();
    }
}
