package mesh.daemon.blob;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A manifest comes from a member, who may be wrong or lie. */
class ManifestTest {
    private static final Manifest SOUND =
            new Manifest(List.of(file("big-00001-of-00002.gguf", 5L << 19), file("big-00002-of-00002.gguf", 5)));

    @Test
    void whatIsWrittenIsRead() {
        Manifest read = decoded(SOUND.encode()).orElseThrow();

        assertThat(read.identity()).isEqualTo(SOUND.identity());
        assertThat(read.bytes()).isEqualTo(SOUND.bytes());
        assertThat(read.files().getFirst().chunks())
                .isEqualTo(SOUND.files().getFirst().chunks());
        assertThat(read.files().getFirst().chunkCount()).isEqualTo(3);
        assertThat(read.files().getFirst().bytesOf(2)).isEqualTo(1 << 19);
    }

    @Test
    void namesThatLeaveTheFolderOrHideAreRefused() {
        for (String name :
                new String[] {"../a.gguf", "a/b.gguf", ".a.gguf", "a.txt", "", "a\\b.gguf", "a\u0000.gguf", "-a.gguf"})
            assertThat(decoded(new Manifest(List.of(file(name, 5))).encode()))
                    .as(name)
                    .isEmpty();
    }

    @Test
    void sizesBeyondReasonAreRefusedBeforeRoomIsMade() {
        byte[] sound = SOUND.encode();
        int sizeAt = 2 + 2 + "big-00001-of-00002.gguf".length();
        for (long size : new long[] {0, -1, Long.MAX_VALUE, 1L << 41}) {
            byte[] bytes = sound.clone();
            java.nio.ByteBuffer.wrap(bytes).putLong(sizeAt, size);
            assertThat(decoded(bytes)).as("size %d", size).isEmpty();
        }
    }

    @Test
    void anyDamageEndsInRefusalOrAManifestButNeverElsewhere() {
        byte[] sound = SOUND.encode();
        for (long seed = 0; seed < 500; seed++) {
            var chance = new Random(seed);
            byte[] bytes = java.util.Arrays.copyOf(sound, chance.nextInt(sound.length + 1));
            for (int i = 0; i < 3 && bytes.length > 0; i++)
                bytes[chance.nextInt(Math.min(40, bytes.length))] = (byte) chance.nextInt();
            decoded(bytes);
        }
    }

    private static Manifest.File file(String name, long bytes) {
        return new Manifest.File(
                name, bytes, "ab".repeat(32), new byte[Manifest.chunksOf(bytes) * Manifest.HASH_BYTES]);
    }

    private static Optional<Manifest> decoded(byte[] bytes) {
        try {
            return Optional.of(Manifest.decode(new DataInputStream(new ByteArrayInputStream(bytes))));
        } catch (IOException refused) {
            return Optional.empty();
        }
    }
}
