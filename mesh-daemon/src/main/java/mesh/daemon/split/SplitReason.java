package mesh.daemon.split;

import java.util.Locale;

/** Why a split ended unasked, as the stable code that status and log show. */
public enum SplitReason {
    /** No connection to a worker could be made. */
    WORKER_UNREACHABLE(false),
    /** A worker was reached and its rpc-server did not answer in time. */
    WORKER_NOT_READY(false),
    /** A worker speaks another version of the protocol than it announced. */
    WORKER_VERSION(true),
    /** A worker, or the way to it, went while the model ran or loaded. */
    WORKER_LOST(false),
    /** A worker has less memory than it promised. */
    WORKER_OUT_OF_MEMORY(true),
    /** Nothing moved for so long that it never will. */
    LOAD_STALLED(false),
    /** No port or stream for the tunnels. */
    NO_TUNNEL(false),
    /** llama-server ended by chance, as when the system kills it. */
    ENGINE_ENDED(false),
    /** llama-server will not run this model here, whoever lends. */
    ENGINE_FAILED(true);

    private final boolean isFault;

    SplitReason(boolean isFault) {
        this.isFault = isFault;
    }

    /** Whether the same split would fail again, so that elections should pass this host over for a while. */
    public boolean isFault() {
        return isFault;
    }

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
