package mesh.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;

/**
 * A secret key on disk: PKCS#8 in PEM, readable by its owner alone. Made on first use, whole or not at all; a file that
 * others may read is refused with the command that mends it, because a key that leaked is not made safe by a chmod of
 * ours. Blocking, any thread.
 */
public final class KeyFile {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";

    /** A PEM of 48 bytes takes 119; anything much longer is another file. */
    private static final int BYTES_MAX = 1_024;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private KeyFile() {}

    /** Reads the key, making it and its folder when there is none. */
    public static NodeKey open(Path file) throws IOException {
        try {
            return read(file);
        } catch (NoSuchFileException first) {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(FOLDER));
            write(file, NodeKey.fresh());
            return read(file);
        }
    }

    public static NodeKey read(Path file) throws IOException {
        var open = EnumSet.copyOf(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
        open.retainAll(OTHERS);
        if (!open.isEmpty())
            throw new IOException("secret key is open to others file=" + file + " fix=\"chmod 600 " + file + "\"");
        if (Files.size(file) > BYTES_MAX) throw new IOException("not a key file=" + file + " max=" + BYTES_MAX);
        String text = Files.readString(file).strip();
        if (!text.startsWith(BEGIN) || !text.endsWith(END)) throw new IOException("not a PEM private key file=" + file);
        try {
            return NodeKey.ofPkcs8(
                    Base64.getMimeDecoder().decode(text.substring(BEGIN.length(), text.length() - END.length())));
        } catch (GeneralSecurityException | IllegalArgumentException damaged) {
            throw new IOException("key file damaged file=" + file, damaged);
        }
    }

    /** Never replaces a key: of two first starts at once, the one that linked its file first wins and both read it. */
    private static void write(Path file, NodeKey key) throws IOException {
        String text = BEGIN + "\n" + Base64.getEncoder().encodeToString(key.pkcs8()) + "\n" + END + "\n";
        Path fresh = Files.createTempFile(
                file.toAbsolutePath().getParent(), "key", ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            try (var out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                out.write(ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
                out.force(true);
            }
            Files.createLink(file, fresh);
        } catch (java.nio.file.FileAlreadyExistsException earlier) {
            return;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
