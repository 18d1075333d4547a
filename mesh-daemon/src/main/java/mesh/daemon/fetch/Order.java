package mesh.daemon.fetch;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One file that is wanted. Immutable.
 *
 * @param target where it will lie; what has arrived so far lies beside it, see {@link #traces}
 * @param bytes its size, where somebody wrote it down
 * @param sha256 in lower-case hexadecimal, where somebody wrote it down
 */
public record Order(URI uri, Path target, OptionalLong bytes, Optional<String> sha256) {
    /** Ends the name of a file that is on its way. */
    private static final String PART_SUFFIX = ".part";

    private static final String NOTE_SUFFIX = ".part.json";

    public Order {
        sha256.ifPresent(Order::mustBeSha256);
    }

    /** Whether it looks like the hash it should be. */
    public static boolean isSha256(String text) {
        return text.matches("[0-9a-f]{64}");
    }

    private static void mustBeSha256(String text) {
        if (!isSha256(text)) throw new IllegalArgumentException("not a SHA-256 given=" + text);
    }

    /** What has arrived, as a file with holes. */
    Path part() {
        return target.resolveSibling(target.getFileName() + PART_SUFFIX);
    }

    /** What of it has arrived, and from where. */
    Path note() {
        return note(target);
    }

    static Path note(Path target) {
        return target.resolveSibling(target.getFileName() + NOTE_SUFFIX);
    }

    /** Everything of it that is not the file itself. */
    public List<Path> traces() {
        return List.of(part(), note());
    }
}
