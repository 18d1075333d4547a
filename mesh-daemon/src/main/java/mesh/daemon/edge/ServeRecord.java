package mesh.daemon.edge;

import java.util.List;
import mesh.core.openai.Dialect;
import mesh.core.openai.Usage;

/**
 * What became of one request that was relayed to an engine: what meters and ledgers count by. Never any text of prompt or
 * answer.
 *
 * @param dialect the caller's, of which a peer that asked sends on what its engine speaks
 * @param isStream whether the caller wanted the answer piece by piece
 * @param attempts every host that was asked, in order
 * @param waits for a host, while there was none
 * @param queuedMillis in the queue of the host that answered
 */
public record ServeRecord(
        Dialect dialect, boolean isStream, List<Attempt> attempts, List<Wait> waits, long queuedMillis, Usage usage) {
    public ServeRecord {
        attempts = List.copyOf(attempts);
        waits = List.copyOf(waits);
    }

    /** {@code why} there was no host, as of the last look. */
    public record Wait(String why, long millis) {}

    /**
     * One host asked.
     *
     * @param why it was chosen
     * @param outcome {@code answered}, or a stable word for what went wrong
     * @param millis from asking to the outcome
     */
    public record Attempt(String node, String route, String why, String outcome, long millis) {}
}
