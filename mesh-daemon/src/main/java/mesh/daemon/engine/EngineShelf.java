package mesh.daemon.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of managed installs, {@code DATA/engine}: one folder per install, named after its source and version, and a
 * link {@code current} to the one in use. Holds no state of its own.
 */
public record EngineShelf(Path folder) {
    private static final String CURRENT = "current";

    /** The install in use. */
    public Optional<Path> current() {
        try {
            return Optional.of(folder.resolve(CURRENT).toRealPath());
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    /** All installs, the one in use among them. */
    public List<Path> installs() throws IOException {
        if (!Files.isDirectory(folder)) return List.of();
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> Files.isDirectory(entry, java.nio.file.LinkOption.NOFOLLOW_LINKS))
                    .filter(entry -> !entry.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    /** Puts an install to use, in one step: whoever looks sees the old one or the new one. */
    void use(Path install) throws IOException {
        Path fresh = folder.resolve("." + CURRENT + ".new");
        Files.deleteIfExists(fresh);
        Files.createSymbolicLink(fresh, install.getFileName());
        Files.move(fresh, folder.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
    }
}
