package mesh.daemon.engine;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;

/**
 * Unpacks a {@code .tar.gz} or {@code .zip} into a fresh folder, told apart by their first bytes. Nothing an archive
 * says can reach outside that folder: names are relative and without {@code ..}, links point at names beside them, and
 * no file is written through a link. Files and bytes are bounded. Blocks.
 */
final class Unpacking {
    private static final int ENTRIES_MAX = 10_000;
    private static final long BYTES_MAX = 8L << 30;

    private final Path target;
    private int entries;
    private long bytes;

    private Unpacking(Path target) {
        this.target = target;
    }

    /** {@code target} exists and is empty. */
    static void unpack(Path archive, Path target) throws IOException, InstallRefused {
        var unpacking = new Unpacking(target);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(archive), 1 << 16)) {
            in.mark(4);
            int first = in.read();
            int second = in.read();
            in.reset();
            if (first == 0x1f && second == 0x8b) unpacking.tar(new GZIPInputStream(in, 1 << 16));
            else if (first == 'P' && second == 'K') unpacking.zip(new ZipInputStream(in));
            else throw bad("neither .tar.gz nor .zip file=" + archive.getFileName());
        } catch (EOFException | ZipException cut) {
            throw bad("damaged: " + cut.getMessage());
        }
    }

    private void zip(ZipInputStream in) throws IOException, InstallRefused {
        for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
            if (entry.isDirectory()) folder(entry.getName());
            else file(entry.getName(), in, Long.MAX_VALUE);
        }
    }

    private void tar(InputStream in) throws IOException, InstallRefused {
        String longName = "";
        String longLink = "";
        while (true) {
            byte[] block = in.readNBytes(Tar.BLOCK_BYTES);
            if (block.length < Tar.BLOCK_BYTES) throw bad("damaged: it ends within a header");
            if (Tar.isEnd(block)) return;
            Tar.Header header = Tar.parse(block);
            String name = longName.isEmpty() ? header.name() : longName;
            String link = longLink.isEmpty() ? header.link() : longLink;
            InputStream content = Tar.bounded(in, header.bytes());
            if (header.kind() != 'L' && header.kind() != 'K' && header.kind() != 'x') {
                longName = "";
                longLink = "";
            }
            switch (header.kind()) {
                case '0', 0 -> file(name, content, header.bytes());
                case '5' -> folder(name);
                case '2' -> link(name, link);
                case '1' -> throw bad("hard link name=" + name);
                case 'L' -> longName = Tar.text(content);
                case 'K' -> longLink = Tar.text(content);
                case 'x' -> {
                    Tar.Extension extension = Tar.extension(content);
                    if (!extension.path().isEmpty()) longName = extension.path();
                    if (!extension.link().isEmpty()) longLink = extension.link();
                }
                case 'g' -> {}
                default -> throw bad("entry of kind " + header.kind() + " name=" + name);
            }
            content.transferTo(java.io.OutputStream.nullOutputStream());
            in.skipNBytes(Tar.padding(header.bytes()));
        }
    }

    private void folder(String name) throws IOException, InstallRefused {
        Files.createDirectories(inside(name));
    }

    private void file(String name, InputStream content, long size) throws IOException, InstallRefused {
        Path file = inside(name);
        Files.createDirectories(parentOf(file));
        if (Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) throw bad("twice the same name=" + name);
        long written = 0;
        var chunk = new byte[64 << 10];
        boolean runs = false;
        try (var out = Files.newOutputStream(file)) {
            for (int count = content.read(chunk); count >= 0; count = content.read(chunk)) {
                if (written == 0) runs = isProgram(chunk, count);
                written += count;
                bytes += count;
                if (bytes > BYTES_MAX) throw bad("more than " + BYTES_MAX + " bytes");
                out.write(chunk, 0, count);
            }
        }
        if (size != Long.MAX_VALUE && written < size) throw bad("damaged: it ends within name=" + name);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
    }

    /** Library links name the file beside them; anything else has no place in a build of llama.cpp. */
    private void link(String name, String to) throws IOException, InstallRefused {
        Path link = inside(name);
        if (to.isEmpty() || to.contains("/") || to.equals(".."))
            throw bad("link leaves its folder name=" + name + " to=" + to);
        Files.createDirectories(parentOf(link));
        Files.createSymbolicLink(link, Path.of(to));
    }

    private Path inside(String name) throws InstallRefused {
        if (++entries > ENTRIES_MAX) throw bad("more than " + ENTRIES_MAX + " entries");
        if (name.indexOf('\0') >= 0 || name.indexOf('\\') >= 0) throw bad("odd name=" + name);
        Path path = target.resolve(name).normalize();
        if (name.startsWith("/") || !path.startsWith(target)) throw bad("leaves its folder name=" + name);
        for (Path at = parentOf(path); !at.equals(target) && at.startsWith(target); at = parentOf(at))
            if (Files.isSymbolicLink(at)) throw bad("goes through a link name=" + name);
        return path;
    }

    private static Path parentOf(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    /** ZIP files carry no reliable modes, so a program is told by how it begins: ELF, Mach-O or a script. */
    private static boolean isProgram(byte[] head, int count) {
        if (count < 4) return false;
        if (head[0] == '#' && head[1] == '!') return true;
        if (head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F') return true;
        return new String(head, 0, 4, StandardCharsets.ISO_8859_1).matches("\\xcf\\xfa\\xed\\xfe|\\xca\\xfe\\xba\\xbe");
    }

    private static InstallRefused bad(String message) {
        return new InstallRefused(InstallReason.BAD_ARCHIVE, message);
    }
}
