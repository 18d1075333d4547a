package mesh.daemon.edge;

import java.util.Map;
import java.util.Optional;

/**
 * One finished exchange, for logs and the list of recent requests: never any prompt text.
 *
 * @param startedMillis by the clock on the wall
 * @param asker the node that asked on behalf of its own caller; empty for a client of our own port
 * @param status 0 = ended before an answer began
 * @param labels the {@code x-mesh-*} headers the answer carried
 * @param firstByteNanos from the request's head to the first byte of the answer; -1 = none was sent
 * @param record how it was relayed, when it was
 */
public record Served(
        String requestId,
        long startedMillis,
        String asker,
        String method,
        String path,
        int status,
        Map<String, String> labels,
        long requestBytes,
        long responseBytes,
        long firstByteNanos,
        long totalNanos,
        Ending ending,
        Optional<ServeRecord> record) {
    /** How it ended. */
    public enum Ending {
        WHOLE,
        CLIENT_GONE,
        CUT
    }
}
