package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys as text and as a file, and what a key costs. */
class KeysTest {
    /** The examples that NIP-19 itself gives. */
    private static final String AUTHOR = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e";

    private static final String NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg";
    private static final String SECRET = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa";
    private static final String NSEC = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5";

    @TempDir
    Path folder;

    @Test
    void examplesOfNip19AreReadAndWritten() {
        assertThat(Nip19.npub(AUTHOR)).isEqualTo(NPUB);
        assertThat(Nip19.author(NPUB)).contains(AUTHOR);
        assertThat(Nip19.author(AUTHOR)).contains(AUTHOR);
        assertThat(Nip19.decode(Nip19.SECRET, NSEC).map(Hex::text)).contains(SECRET);
        assertThat(NostrKey.of(Hex.bytes(SECRET)).nsec()).isEqualTo(NSEC);
    }

    @Test
    void mistypedKeysAreNone() {
        assertThat(Nip19.author(NPUB.replace('z', 'q'))).isEmpty();
        assertThat(Nip19.author(NPUB.substring(1))).isEmpty();
        assertThat(Nip19.author(NSEC)).isEmpty();
        assertThat(Nip19.author("npub1")).isEmpty();
        assertThat(Nip19.author(AUTHOR.toUpperCase(java.util.Locale.ROOT))).isEmpty();
    }

    @Test
    void keyFileIsMadeOnceForItsOwnerAloneAndStaysTheSame() throws Exception {
        Path file = folder.resolve("identity/nostr.nsec");

        NostrKey first = NostrKeyFile.open(file);

        assertThat(NostrKeyFile.open(file).author()).isEqualTo(first.author());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
                .isEqualTo("rwx------");
        assertThat(NostrKeyFile.rotate(file).author())
                .isNotEqualTo(first.author())
                .isEqualTo(NostrKeyFile.open(file).author());
    }

    @Test
    void keyFileThatOthersMayReadOrThatIsALinkIsRefused() throws Exception {
        Path file = folder.resolve("open.nsec");
        NostrKeyFile.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Path link = Files.createSymbolicLink(folder.resolve("link.nsec"), file);

        assertThatThrownBy(() -> NostrKeyFile.open(file)).hasMessageContaining("chmod 600");
        assertThatThrownBy(() -> NostrKeyFile.open(link)).hasMessageContaining("link");
        assertThatThrownBy(() -> NostrKeyFile.rotate(link)).hasMessageContaining("link");
    }

    @Test
    void workIsCheckedWithTheKeyItWasDoneFor() throws Exception {
        String author = NostrKey.fresh().author();

        long nonce = KeyPow.mine("app", author, 12);

        assertThat(KeyPow.bits("app", author, nonce)).isGreaterThanOrEqualTo(12);
        assertThat(KeyPow.bits("another", author, nonce)).isNotEqualTo(KeyPow.bits("app", author, nonce));
    }

    @Test
    void secretsAreNotShown() {
        NostrKey key = NostrKey.of(Hex.bytes(SECRET));

        assertThat(key.toString()).startsWith("npub1").doesNotContain(SECRET).doesNotContain(NSEC);
    }
}
