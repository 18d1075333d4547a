package mesh.daemon.fetch;

import java.util.Locale;

/** Why a file was not fetched, as the stable code that status, console and log show. */
public enum FetchReason {
    OFFLINE,
    /** Another process, or another part of this one, is at it. */
    BUSY,
    UNAUTHORIZED,
    /** Its owner wants to be asked first. */
    GATED,
    NOT_FOUND,
    RATE_LIMITED,
    SERVER_FAILED,
    UNREACHABLE,
    HTTP_REFUSED,
    BAD_REDIRECT,
    /** It became another file while it was fetched, more than once. */
    CHANGED,
    WRONG_SIZE,
    WRONG_HASH,
    DISK_FULL,
    NOT_WRITABLE,
    DISK_FAILED,
    /** Whoever wanted it does no more. */
    STOPPED;

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the same order may well succeed a while later, without anybody doing anything. */
    public boolean passes() {
        return switch (this) {
            case BUSY, RATE_LIMITED, SERVER_FAILED, UNREACHABLE -> true;
            case OFFLINE,
                    UNAUTHORIZED,
                    GATED,
                    NOT_FOUND,
                    HTTP_REFUSED,
                    BAD_REDIRECT,
                    CHANGED,
                    WRONG_SIZE,
                    WRONG_HASH,
                    DISK_FULL,
                    NOT_WRITABLE,
                    DISK_FAILED,
                    STOPPED -> false;
        };
    }
}
