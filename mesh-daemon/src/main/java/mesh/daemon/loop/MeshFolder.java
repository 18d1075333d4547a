package mesh.daemon.loop;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.daemon.quic.Membership;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;

/**
 * Where this node keeps its membership. A throw-away key earns certificates that nobody can use after it, so a passing
 * folder is empty at the start and gone at the end. Not thread-safe.
 */
final class MeshFolder {
    private final Path path;
    private final boolean isPassing;

    private MeshFolder(Path path, boolean isPassing) {
        this.path = path;
        this.isPassing = isPassing;
    }

    static MeshFolder lasting(Path path) {
        return new MeshFolder(path, false);
    }

    static MeshFolder passing(Path path) {
        return new MeshFolder(path, true);
    }

    Membership open(NodeKey key) throws IOException {
        // What an earlier run left, if that one was killed.
        end();
        return reopen(key);
    }

    /** With what it holds, though it may be a passing one. */
    Membership reopen(NodeKey key) throws IOException {
        return Membership.open(key, new MeshFiles(path));
    }

    /** Founded here, and nobody was ever let in: a mesh that nobody misses, made because no invite was at hand. */
    boolean isOfLonelyFounder() throws IOException {
        var files = new MeshFiles(path);
        return files.meshKey().isPresent() && !files.hasAdmitted();
    }

    /** Not destroyed: a founder's key is all that can ever speak for a mesh. */
    void putAside() throws IOException {
        if (isPassing) end();
        else if (Files.exists(path)) Files.move(path, path.resolveSibling("mesh-left-" + System.currentTimeMillis()));
    }

    /** What the other one holds is here from now on; this one must have been put aside. */
    void takeOver(MeshFolder other) throws IOException {
        Files.move(other.path, path);
    }

    /** A passing folder is no more. */
    void end() throws IOException {
        if (!isPassing || !Files.exists(path)) return;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) Files.delete(file);
        }
        Files.delete(path);
    }
}
