package mesh.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
    @TempDir
    private Path folder;

    @Test
    void keyIsMadeOnceForItsOwnerAlone() throws Exception {
        Path file = folder.resolve("identity/node.key");

        var made = KeyFile.open(file);

        assertThat(KeyFile.open(file).id()).isEqualTo(made.id());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("identity"))))
                .isEqualTo("rwx------");
        try (Stream<Path> all = Files.list(folder.resolve("identity"))) {
            assertThat(all).containsExactly(file);
        }
    }

    @Test
    void keyThatOthersMayReadIsRefusedWithTheFix() throws Exception {
        Path file = folder.resolve("node.key");
        KeyFile.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

        assertThatThrownBy(() -> KeyFile.open(file)).hasMessageContaining("chmod 600 " + file);
    }

    @Test
    void damagedFileIsRefusedAndNotReplaced() throws Exception {
        Path file = folder.resolve("node.key");
        KeyFile.open(file);
        String whole = Files.readString(file);
        String[] damages = {"", "x", whole.replace("MC4", "MC5"), whole.substring(0, 60), whole + whole};

        for (String damage : damages) {
            Files.writeString(file, damage);
            assertThatThrownBy(() -> KeyFile.open(file)).isInstanceOf(java.io.IOException.class);
            assertThat(Files.readString(file)).isEqualTo(damage);
        }
    }

    @Test
    void twoFirstStartsAgreeOnOneKey() throws Exception {
        Path file = folder.resolve("node.key");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<String> first = () -> KeyFile.open(file).id().hex();

            var ids = threads.invokeAll(java.util.Collections.nCopies(8, first));

            for (var id : ids) assertThat(id.get()).isEqualTo(ids.getFirst().get());
        }
    }

    @Test
    void signaturesAreThePlatformsToo() throws Exception {
        var key = NodeKey.fresh();
        byte[] message = "one message".getBytes(StandardCharsets.UTF_8);
        var platform = Signature.getInstance("Ed25519");
        platform.initSign(KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(key.pkcs8())));
        platform.update(message);

        byte[] signature = key.sign(message);

        assertThat(signature).isEqualTo(platform.sign());
        assertThat(Ed25519Verifier.ED25519.verify(key.id(), message, signature)).isTrue();
        signature[5] ^= 1;
        assertThat(Ed25519Verifier.ED25519.verify(key.id(), message, signature)).isFalse();
        assertThat(Ed25519Verifier.ED25519.verify(key.id(), message, new byte[3]))
                .isFalse();
    }

    @Test
    void secretIsNotShown() {
        var key = NodeKey.fresh();

        assertThat(key.toString()).isEqualTo("key of " + key.id());
    }
}
