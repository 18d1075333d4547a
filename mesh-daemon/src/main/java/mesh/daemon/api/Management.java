package mesh.daemon.api;

import java.util.List;
import java.util.Map;

/**
 * What the management API can ask of the daemon. Called on virtual threads; may block for as long as reading a model's
 * header takes.
 */
public interface Management {
    Status status();

    /** Begins to serve one more model; answers its name. {@code said} is in the user's words. */
    Changed load(String said) throws InterruptedException;

    /** Stops serving a model and returns when its engine is gone. */
    Changed drop(String name) throws InterruptedException;

    /** Asks the daemon to stop; returns at once. */
    void shutdown();

    /** What came of a change. */
    sealed interface Changed {
        record Done(String name) implements Changed {}

        /** {@code code} is stable; {@code isUnknown} says that there is nothing of that name. */
        record Refused(String code, String message, boolean isUnknown) implements Changed {}
    }

    /** The daemon at one moment; rendered as the {@code status} of DESIGN 3.4. */
    record Status(
            String version,
            String nodeName,
            String apiUrl,
            MemoryStatus memory,
            List<ModelStatus> models,
            Map<String, Long> requests) {}

    /** {@code source} says where the figure comes from. */
    record MemoryStatus(long totalBytes, long usableBytes, String source) {}

    /**
     * One model as this node serves it.
     *
     * @param reason stable code of why it stands where it stands
     * @param detail the same for people: progress, or what failed
     * @param ctxTokens per request; 0 = not decided yet
     */
    record ModelStatus(
            String name,
            String state,
            String reason,
            String detail,
            String mode,
            int ctxTokens,
            int slots,
            long sizeBytes,
            long needBytes) {}
}
