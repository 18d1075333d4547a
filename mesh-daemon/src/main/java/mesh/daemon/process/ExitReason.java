package mesh.daemon.process;

import java.util.Locale;

/** Why a child ended, as the stable code that status, console and log show. */
public enum ExitReason {
    MODEL_MISSING(true),
    MODEL_CORRUPT(true),
    UNKNOWN_ARCHITECTURE(true),
    MODEL_INCOMPLETE(true),
    OUT_OF_MEMORY(true),
    WORKER_OUT_OF_MEMORY(true),
    BAD_FLAG(true),
    RPC_UNSUPPORTED(true),
    RPC_VERSION_MISMATCH(true),
    RPC_UNREACHABLE(false),
    RPC_LOST(false),
    NO_CPU_BACKEND(true),
    PROJECTOR_FAILED(true),
    LOAD_FAILED(true),
    NOT_EXECUTABLE(true),
    NO_LEASH(true),
    PORT_TAKEN(false),
    SILENT(false),
    KILLED(false),
    CRASHED(false),
    EXITED(false);

    private final boolean lasting;

    ExitReason(boolean lasting) {
        this.lasting = lasting;
    }

    /** The same command would end the same way again, so nobody should start it again. */
    public boolean isLasting() {
        return lasting;
    }

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
