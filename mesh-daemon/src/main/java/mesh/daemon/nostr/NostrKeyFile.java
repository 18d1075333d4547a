package mesh.daemon.nostr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import mesh.daemon.store.AtomicFile;

/**
 * The key under which this node publishes, as one {@code nsec} line that its owner alone may read. Made on first use; a
 * file that others may read, or that is a link, is refused with what mends it. Blocking, any thread.
 */
public final class NostrKeyFile {
    /** An nsec takes 63 characters; anything much longer is another file. */
    private static final int BYTES_MAX = 256;

    private NostrKeyFile() {}

    public static NostrKey open(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) return read(file);
        NostrKey fresh = NostrKey.fresh();
        write(file, fresh);
        return fresh;
    }

    /** A new key in place of the old one, which is gone: what was published under it ends by itself. */
    public static NostrKey rotate(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) throw new IOException("key file is a link file=" + file);
        NostrKey fresh = NostrKey.fresh();
        write(file, fresh);
        return fresh;
    }

    private static NostrKey read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
            throw new IOException("key file is a link or a folder file=" + file);
        EnumSet<PosixFilePermission> open = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        open.removeIf(permission -> permission.name().startsWith("OWNER_"));
        if (!open.isEmpty())
            throw new IOException("secret key is open to others file=" + file + " fix=\"chmod 600 " + file + "\"");
        if (Files.size(file) > BYTES_MAX) throw new IOException("not a key file=" + file + " max=" + BYTES_MAX);
        String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        byte[] secret = Nip19.decode(Nip19.SECRET, text)
                .filter(Schnorr::isSecret)
                .orElseThrow(() -> new IOException("no nsec in key file=" + file));
        return NostrKey.of(secret);
    }

    private static void write(Path file, NostrKey key) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null)
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        AtomicFile.write(file, (key.nsec() + "\n").getBytes(StandardCharsets.US_ASCII));
    }
}
