package mesh.core.elect;

/** Why an election took a node, passed it over, waits or refuses. The codes are stable: scripts and people read them. */
public enum Reason {
    FITS("fits"),
    FORCED("forced"),
    FITS_NOWHERE("fits-nowhere"),
    NOT_NEEDED("not-needed"),
    NOT_ASSIGNED("not-assigned"),
    NOBODY_ASSIGNED("nobody-assigned"),
    CLIENT("client"),
    NO_FILE("no-file"),
    NO_ENGINE("no-engine"),
    ENGINE_FAILED("engine-failed"),
    DRAINING("draining"),
    NOT_CERTIFIED("not-certified"),
    RPC_MAJOR_DIFFERS("rpc-major-differs"),
    RPC_NEWER_THAN_HOST("rpc-newer-than-host"),
    TOO_FAR("too-far"),
    TOO_SMALL("too-small"),
    MEMORY_SHORT("memory-short"),
    NO_PARTNER("no-partner"),
    TOO_MANY_WORKERS("too-many-workers"),
    SPLIT_TOO_SLOW("split-too-slow");

    private final String code;

    Reason(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }
}
