package mesh.core.wire;

import java.util.Optional;

/**
 * What a stream between two nodes carries: its first byte. The numbers are the wire's and never change their meaning; a
 * number that is not listed is refused by whoever reads it.
 */
public enum StreamType {
    GOSSIP(1),
    RPC(2),
    HTTP(3),
    ROUTE(4),
    LEAVE(5),
    ADMIT(6),
    BLOB(7),
    PROBE(8),
    RELAY(9);

    private final int code;

    StreamType(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    public static Optional<StreamType> of(int code) {
        for (StreamType type : values()) if (type.code == code) return Optional.of(type);
        return Optional.empty();
    }
}
