package mesh.daemon.engine;

import java.util.Locale;
import mesh.daemon.fetch.FetchReason;

/** Why an install did not come about, as the stable code that status, console and log show. */
public enum InstallReason {
    OFFLINE,
    BUSY,
    UNSUPPORTED_PLATFORM,
    NO_RELEASE_PINNED,
    NO_APT_GET,
    NO_DPKG_DEB,
    NO_KEYRING,
    NO_MIRROR,
    MIRROR_UNREACHABLE,
    BAD_SIGNATURE,
    DOWNLOAD_FAILED,
    WRONG_SIZE,
    WRONG_HASH,
    BAD_ARCHIVE,
    DISK_FULL,
    NOT_WRITABLE,
    TOOL_FAILED,
    DOES_NOT_RUN;

    /** What stopped a download. */
    static InstallReason of(FetchReason reason) {
        return switch (reason) {
            case OFFLINE -> OFFLINE;
            case BUSY -> BUSY;
            case WRONG_SIZE -> WRONG_SIZE;
            case WRONG_HASH -> WRONG_HASH;
            case DISK_FULL -> DISK_FULL;
            case NOT_WRITABLE -> NOT_WRITABLE;
            case UNAUTHORIZED,
                    GATED,
                    NOT_FOUND,
                    RATE_LIMITED,
                    SERVER_FAILED,
                    UNREACHABLE,
                    HTTP_REFUSED,
                    BAD_REDIRECT,
                    CHANGED,
                    DISK_FAILED,
                    STOPPED -> DOWNLOAD_FAILED;
        };
    }

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
