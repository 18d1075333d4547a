package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import mesh.core.model.GgufHeader;
import mesh.core.model.GgufRead;
import mesh.core.model.GgufReader;
import org.junit.jupiter.api.Test;

/** Every machine makes the same demo files: nodes that made their own copies may split a model between them. */
class DemoModelTest {
    @Test
    void filesAreTheSameOnEveryMachine() throws Exception {
        var hashes = new TreeMap<String, String>();
        for (DemoModel model : DemoModel.list()) hashes.put(model.name(), sha256(model));

        assertThat(hashes)
                .containsEntry("demo-tiny", "304d792d98d89e24e70f3a9c0dc4d03a9896bbeb538a3b128d16864c6c6cc58d")
                .containsEntry("demo-tiny-random", "9d7ee0e33ee28242513d3cc586afe1b152d9e280c8bdc38a2e8840fa618a476b")
                .containsEntry("demo", "2bf09b0fa6c4b98d8250aab2d66eece47d4214ad0fffd660c1170cb6d3b731cf")
                .containsEntry("demo-random", "24a1f374a760df0c46b4b1d544b81bbbfae33873fa17c64677cdcbd072dd2067")
                .containsEntry("demo-large", "683ba19a7698d55d24df527592fc84f95ba939f8ff7c2588107f5c165813bc5f")
                .containsEntry("demo-large-random", "2e53d15dfa424651a1fa03baa28183d31d04263f229969978ce0962a2bd3c79c")
                .hasSize(6);
    }

    @Test
    void headersReadBackAsTheModelsTheyPromise() throws Exception {
        for (DemoModel model : DemoModel.list()) {
            GgufRead read = GgufReader.read(model.name(), model);

            assertThat(read).as(model.name()).isInstanceOf(GgufRead.Read.class);
            GgufHeader header = ((GgufRead.Read) read).header();
            assertThat(header.architecture()).isEqualTo("llama");
            assertThat(header.hasKnownArchitecture()).isTrue();
            assertThat(header.contextMax()).isEqualTo(8192);
            assertThat(header.length("tokenizer.ggml.tokens")).isEqualTo(262);
            assertThat(header.tensors()).hasSize(header.layers() * 9 + 3);
            GgufHeader.Tensor last = header.tensors().getLast();
            assertThat(last.offset() + last.bytes()).isEqualTo(model.size());
        }
    }

    @Test
    void sizesAreAsAnnounced() {
        assertThat(DemoModel.named("demo-tiny").orElseThrow().size()).isBetween(200_000L, 250_000L);
        assertThat(DemoModel.named("demo").orElseThrow().size()).isBetween(12_000_000L, 12_500_000L);
        assertThat(DemoModel.named("demo-large").orElseThrow().size()).isBetween(280_000_000L, 290_000_000L);
    }

    @Test
    void anyPieceIsThatOfTheWhole() {
        long seed = 20260801;
        var random = new Random(seed);
        for (String name : new String[] {"demo-tiny", "demo-tiny-random"}) {
            DemoModel model = DemoModel.named(name).orElseThrow();
            ByteBuffer whole = model.read(0, (int) model.size());

            for (int i = 0; i < 500; i++) {
                int offset = random.nextInt((int) model.size());
                int length = random.nextInt(5000);
                int expected = Math.min(length, (int) model.size() - offset);

                assertThat(model.read(offset, length))
                        .as("seed=%d offset=%d length=%d", seed, offset, length)
                        .isEqualTo(whole.slice(offset, expected));
            }
        }
    }

    private static String sha256(DemoModel model) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        for (long at = 0; at < model.size(); at += 1 << 20) digest.update(model.read(at, 1 << 20));
        return HexFormat.of().formatHex(digest.digest());
    }
}
