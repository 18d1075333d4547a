package mesh.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes whole files so that a reader sees the old content or the new, never half of it: a temporary file beside the
 * target, then a rename. A failed write leaves nothing behind; what a killed process left is swept by the next write to
 * the same target. Files are readable by their owner only. Any thread; of two writers at once the later rename wins.
 */
public final class AtomicFile {
    /** Ends the name of every temporary file, so that whoever lists a folder can pass over them. */
    public static final String PART_SUFFIX = ".part";

    private static final AtomicLong WRITES = new AtomicLong();

    private AtomicFile() {}

    /** Fills a new, empty file. */
    public interface Body {
        void writeTo(FileChannel out) throws IOException;
    }

    public static void write(Path target, byte[] content) throws IOException {
        write(target, out -> {
            var bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) out.write(bytes);
        });
    }

    /** When this returns, the new content survives a power cut. */
    public static void write(Path target, Body body) throws IOException {
        write(target, body, true);
        flushFolder(folderOf(target));
    }

    /**
     * For content that can be made again, and that its reader checks: waits for no disk, so that after a power cut the
     * file may be missing, empty or hold zeros.
     */
    public static void writeRemakeable(Path target, Body body) throws IOException {
        write(target, body, false);
    }

    private static void write(Path target, Body body, boolean isDurable) throws IOException {
        Path folder = folderOf(target);
        String prefix = "." + target.getFileName() + ".";
        sweep(folder, prefix);
        Path part =
                folder.resolve(prefix + ProcessHandle.current().pid() + "-" + WRITES.incrementAndGet() + PART_SUFFIX);
        try {
            try (FileChannel out = FileChannel.open(
                    part, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly(folder))) {
                body.writeTo(out);
                if (isDurable) out.force(true);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void sweep(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, entry -> {
            String name = Objects.requireNonNull(entry.getFileName()).toString();
            return name.startsWith(prefix) && name.endsWith(PART_SUFFIX) && isAbandoned(name, prefix.length());
        })) {
            for (Path part : parts) Files.deleteIfExists(part);
        }
    }

    /** The writer's process id stands in the name; a writer that lives may still be at it. */
    private static boolean isAbandoned(String name, int pidAt) {
        int dash = name.indexOf('-', pidAt);
        if (dash < 0) return false;
        try {
            return ProcessHandle.of(Long.parseLong(name, pidAt, dash, 10)).isEmpty();
        } catch (NumberFormatException notOurs) {
            return false;
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path folder) throws IOException {
        if (!Files.getFileStore(folder).supportsFileAttributeView("posix")) return new FileAttribute<?>[0];
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        };
    }

    /** Makes the rename itself durable, where a folder can be opened for that. */
    private static void flushFolder(Path folder) throws IOException {
        if (!Files.getFileStore(folder).supportsFileAttributeView("posix")) return;
        try (FileChannel open = FileChannel.open(folder, StandardOpenOption.READ)) {
            open.force(true);
        }
    }

    private static Path folderOf(Path target) {
        return Objects.requireNonNull(target.toAbsolutePath().getParent(), "a file's path");
    }
}
