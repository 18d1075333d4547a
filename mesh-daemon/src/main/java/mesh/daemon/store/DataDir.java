package mesh.daemon.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The folder that holds everything a node keeps, open for one daemon at a time. The operating system holds the lock, so
 * that a killed daemon leaves nothing to clean up. Paths may be read from any thread.
 */
public final class DataDir implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path root;
    private final FileChannel lockFile;

    private DataDir(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /** What came of opening a data dir. */
    public sealed interface Opening {
        record Opened(DataDir dataDir) implements Opening {}

        /** Another daemon has it; {@code holder} is the pid it wrote, or empty. */
        record Locked(Path root, String holder) implements Opening {}

        /** It cannot be made or written; {@code why} is for people. */
        record Unusable(Path root, String why) implements Opening {}
    }

    public static Opening open(Path root) {
        try {
            privateFolder(root);
            for (String name : new String[] {"models", "engine", "state", "log", "run"})
                privateFolder(root.resolve(name));
            FileChannel file = FileChannel.open(
                    lockPath(root), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            return locked(root, file);
        } catch (IOException unusable) {
            return new Opening.Unusable(root, words(unusable));
        }
    }

    public Path root() {
        return root;
    }

    public Path models() {
        return models(root);
    }

    public Path engine() {
        return engine(root);
    }

    public Path log() {
        return log(root);
    }

    public Path run() {
        return run(root);
    }

    public static Path models(Path root) {
        return root.resolve("models");
    }

    public static Path engine(Path root) {
        return root.resolve("engine");
    }

    public static Path log(Path root) {
        return root.resolve("log");
    }

    public static Path run(Path root) {
        return root.resolve("run");
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException alreadyGone) {
            throw new UncheckedIOException(alreadyGone);
        }
    }

    private static Opening locked(Path root, FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            if (lock != null) {
                file.truncate(0);
                file.write(ByteBuffer.wrap(
                        Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
                return new Opening.Opened(new DataDir(root, file));
            }
        } catch (OverlappingFileLockException heldByThisVirtualMachine) {
            // The answer is the same: somebody has it.
        }
        file.close();
        return new Opening.Locked(root, Files.readString(lockPath(root)).strip());
    }

    private static Path lockPath(Path root) {
        return run(root).resolve("lock");
    }

    private static void privateFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            if (!Files.isWritable(folder)) throw new FileSystemException(folder.toString(), null, "not writable");
            return;
        }
        boolean posix = Files.getFileStore(existing(folder)).supportsFileAttributeView("posix");
        if (posix) Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        else Files.createDirectories(folder);
    }

    private static Path existing(Path folder) {
        Path at = folder.toAbsolutePath();
        while (!Files.exists(at)) at = java.util.Objects.requireNonNull(at.getParent());
        return at;
    }

    private static String words(IOException cause) {
        if (cause instanceof FileAlreadyExistsException inTheWay) return inTheWay.getFile() + " is not a folder";
        if (cause instanceof java.nio.file.AccessDeniedException denied)
            return denied.getFile() + ": permission denied";
        if (cause instanceof FileSystemException named && named.getReason() != null)
            return named.getFile() + ": " + named.getReason();
        return String.valueOf(cause.getMessage());
    }
}
