package mesh.core.route;

/** Why a host was chosen, or passed over. The codes are stable: they stand in {@code x-mesh-why} and in error bodies. */
public enum RouteReason {
    BEST_SCORE("best-score"),
    ONLY_HOST("only-host"),
    WARM_PREFIX("warm-prefix"),
    TARGET("target"),
    RETRY("retry"),
    PROBE("probe"),
    /** The request waited until a host was there. */
    AWAITED("awaited"),

    SLOWER("slower"),
    OTHER_MODEL("other-model"),
    LOADING("loading"),
    DRAINING("draining"),
    ENGINE_FAILED("engine-failed"),
    WAITING_FOR_MEMORY("waiting-for-memory"),
    NOT_LOADED("not-loaded"),
    SUSPECT("suspect"),
    PARKED("parked"),
    FULL("full"),
    TRIED("already-tried"),
    /** Nobody of this mesh runs the model since its hosts went, a moment ago. */
    HOST_LOST("host-lost"),
    EXCLUDED("excluded"),
    NOT_TARGET("not-at-target"),
    CONTEXT_TOO_SMALL("context-too-small"),
    LACKS_SKILL("lacks-skill");

    private final String code;

    RouteReason(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }
}
