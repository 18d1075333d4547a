package mesh.daemon.engine;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.Locale;

/** Ends an install from wherever it is; {@link EngineInstaller} turns it into an answer. Never leaves this package. */
final class InstallRefused extends Exception {
    private static final long serialVersionUID = 1;

    private final InstallReason reason;

    InstallRefused(InstallReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** A disk's refusal; only its words tell a full disk from a read-only one. */
    static InstallRefused of(IOException cause) {
        String words = String.valueOf(cause.getMessage());
        InstallReason reason = switch (cause) {
            case AccessDeniedException denied -> InstallReason.NOT_WRITABLE;
            case FileSystemException refused when isReadOnly(words) -> InstallReason.NOT_WRITABLE;
            default -> isFull(words) ? InstallReason.DISK_FULL : InstallReason.TOOL_FAILED;
        };
        return new InstallRefused(reason, words);
    }

    static boolean isFull(String words) {
        return words.contains("No space left") || words.contains("not enough space") || words.contains("Disk quota");
    }

    private static boolean isReadOnly(String words) {
        return words.toLowerCase(Locale.ROOT).contains("read-only") || words.contains("Permission denied");
    }

    InstallReason reason() {
        return reason;
    }

    String message() {
        return String.valueOf(getMessage());
    }
}
