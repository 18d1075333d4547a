package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import mesh.core.model.Bytes;
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
                .containsEntry("demo-tiny", "2ca43e69dd6ccf57571fcd8ae08e5f6483b2525f7f79274790bfe09a0665f6c1")
                .containsEntry("demo-tiny-random", "8b7b3cdd3bafc02a635a13cda3f56190904a88c898c6d272881405492948f9ce")
                .containsEntry("demo", "ebbe70799a474c11e044937f55e4320c2088e4463cd25c8a06d457a8997a0511")
                .containsEntry("demo-random", "02694bd82f1e86d649b8c3b2c9adebf14bceb51cd551961922f5966568e2ca09")
                .containsEntry("demo-large", "1dfd68903a1bb498376530d9a3ef0fb404d98fc3cfb55c598986bfe7a00d09b1")
                .containsEntry("demo-large-random", "f5da7fab0f53dac43d2f9319b6f9171f6d23c70464c158f81ced368d711bbeb9")
                .containsEntry("demo-embed", "3bfdf0a1c81967942fe224850ab193f1609aeb5eb7f4c33397a358d009932fdb")
                .containsEntry("demo-vision", "08a0255634350de607ceb13da7d95bd7e2a0cb91132b8c6e821b4dd0afb3da51")
                .hasSize(8);
        assertThat(sha256(sight())).isEqualTo("812972daa60607af02d762d30f9d572c18127c65087227dd1f687997bcd9e260");
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
            assertThat(header.length("tokenizer.ggml.tokens")).isEqualTo(264);
            assertThat(header.tensors()).hasSize(header.layers() * 9 + 3);
            GgufHeader.Tensor last = header.tensors().getLast();
            assertThat(last.offset() + last.bytes()).isEqualTo(model.size());
        }
    }

    @Test
    void projectorMakesVectorsOfItsModelsWidth() throws Exception {
        GgufHeader model = header(DemoModel.named("demo-vision").orElseThrow());
        GgufHeader projector = header(sight());

        assertThat(projector.architecture()).isEqualTo("clip");
        assertThat(projector.whole("clip.vision.projection_dim")).isEqualTo(model.hyper("embedding_length"));
        GgufHeader.Tensor last = projector.tensors().getLast();
        assertThat(last.dims()).containsExactly(model.hyper("embedding_length").orElseThrow());
        assertThat(last.offset() + last.bytes()).isEqualTo(sight().size());
    }

    private static DemoProjector sight() {
        return DemoModel.named("demo-vision").orElseThrow().projector().orElseThrow();
    }

    private static GgufHeader header(Bytes file) throws Exception {
        return ((GgufRead.Read) GgufReader.read("demo", file)).header();
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

    private static String sha256(Bytes model) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        for (long at = 0; at < model.size(); at += 1 << 20) digest.update(model.read(at, 1 << 20));
        return HexFormat.of().formatHex(digest.digest());
    }
}
