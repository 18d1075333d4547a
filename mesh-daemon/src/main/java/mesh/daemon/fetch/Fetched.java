package mesh.daemon.fetch;

import java.nio.file.Path;

/** What became of an {@link Order}. */
public sealed interface Fetched {
    /** {@code sha256} is that of the bytes as they lie there, whether or not anybody had said it before. */
    record Done(Path file, long bytes, String sha256) implements Fetched {}

    /** What had arrived is kept. {@code message} says what to do, where something can be done. */
    record Refused(FetchReason reason, String message) implements Fetched {}
}
