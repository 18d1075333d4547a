package mesh.daemon.quic;

/** Why a connection was closed by an endpoint, as the other side reads it. Numbers never change their meaning. */
public enum CloseCode {
    SHUTDOWN(1),
    /** Another connection of the same pair carries on. */
    DUPLICATE(2),
    REFUSED(3),
    FLOOD(4),
    PROTOCOL(5),
    REVOKED(6),
    WRONG_ID(7),
    /** The owner of the endpoint no longer wants this peer. */
    DROPPED(8),
    BUSY(9),
    /** So many streams were reset that the stack's leftovers are worth a fresh connection. */
    WORN(10),
    /** The path, or the node that carried it, no longer answers. */
    SILENT(11);

    private final int code;

    CloseCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
