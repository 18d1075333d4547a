package mesh.daemon.fetch;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.util.Locale;

/** Ends a fetch from wherever it is; whoever began it turns it into an answer. */
public final class FetchRefused extends Exception {
    private static final long serialVersionUID = 1;

    private final FetchReason reason;

    public FetchRefused(FetchReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** The disk's refusal. Only the system's words tell a full disk from a broken one. */
    static FetchRefused disk(Object path, IOException cause) {
        String words = String.valueOf(cause.getMessage());
        String lower = words.toLowerCase(Locale.ROOT);
        String message = "path=" + path + " cause=" + (words.equals("null") ? cause.toString() : words);
        if (cause instanceof ClosedChannelException) return new FetchRefused(FetchReason.STOPPED, "stopped");
        if (lower.contains("no space") || lower.contains("not enough space") || lower.contains("quota"))
            return new FetchRefused(FetchReason.DISK_FULL, message);
        if (cause instanceof AccessDeniedException || lower.contains("read-only"))
            return new FetchRefused(FetchReason.NOT_WRITABLE, message);
        return new FetchRefused(FetchReason.DISK_FAILED, message);
    }

    public FetchReason reason() {
        return reason;
    }

    public String message() {
        return String.valueOf(getMessage());
    }
}
