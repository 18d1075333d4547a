package mesh.testnet.sim;

/**
 * How a trial ended. Immutable.
 *
 * @param failure empty when all went well; else what went wrong, with the last events of those involved
 * @param convergedMillis from the end of the trouble to equal views
 * @param settledMillis from there until everybody played its part
 */
public record Verdict(
        long seed,
        int nodes,
        String failure,
        long events,
        long digest,
        long convergedMillis,
        long settledMillis,
        long losses,
        long starts,
        long bytes) {
    public boolean isGood() {
        return failure.isEmpty();
    }

    @Override
    public String toString() {
        String numbers = "seed=" + seed + " nodes=" + nodes + " events=" + events + " digest="
                + Long.toHexString(digest) + " convergedMillis=" + convergedMillis + " settledMillis=" + settledMillis
                + " losses=" + losses + " starts=" + starts + " bytes=" + bytes;
        return isGood() ? "good " + numbers : "FAILED " + numbers + "\n" + failure;
    }
}
