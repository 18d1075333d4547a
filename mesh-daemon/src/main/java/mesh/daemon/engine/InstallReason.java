package mesh.daemon.engine;

import java.util.Locale;

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

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
