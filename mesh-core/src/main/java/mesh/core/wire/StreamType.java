package mesh.core.wire;

import java.util.Optional;

/**
 * The first byte of every stream between two peers: what the rest of it is. Numbers are for ever; a retired one is not
 * given again.
 */
public enum StreamType {
    /** Length-prefixed membership messages. */
    GOSSIP(0x01),
    /** A llama.cpp RPC connection, frame by frame. */
    RPC(0x02),
    /** One HTTP request and its answer. */
    HTTP(0x03),
    /** Length-prefixed routing messages with a passive node. */
    ROUTE(0x04),
    /** A signed farewell on its way out. */
    LEAVE(0x05),
    /** An invite on its way in, a certificate back. */
    ADMIT(0x06),
    /** Chunks of model files. */
    BLOB(0x07),
    /** Path and throughput measurements. */
    PROBE(0x08),
    /** Length-prefixed messages that bring two peers together which cannot reach each other. */
    RELAY(0x09),
    /** Length-prefixed messages about revocations. */
    TRUST(0x0a);

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
