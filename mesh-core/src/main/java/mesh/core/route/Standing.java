package mesh.core.route;

/**
 * What this edge knows of a host beyond what the host announces. Immutable reading of {@link Routes}.
 *
 * @param outstanding requests this edge has in flight there
 * @param retryMillis until a parked host may be tried; 0 when it is not parked
 */
public record Standing(int outstanding, Admission admission, long retryMillis) {
    public static final Standing CLEAN = new Standing(0, Admission.ADMITTED, 0);

    /** What the breaker says of a host. */
    public enum Admission {
        ADMITTED,
        PARKED,
        /** Its time is served: the next request tries it. */
        PROBE,
        /** One request tries it; the others wait for the result. */
        PROBING
    }
}
