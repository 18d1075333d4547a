package mesh.daemon.edge;

import java.util.Map;

/**
 * One finished exchange, for logs and the list of recent requests: never any prompt text.
 *
 * @param status 0 = ended before an answer began
 * @param labels the {@code x-mesh-*} headers the answer carried
 * @param firstByteNanos from the request's head to the first byte of the answer; -1 = none was sent
 */
public record Served(
        String requestId,
        String method,
        String path,
        int status,
        Map<String, String> labels,
        long requestBytes,
        long responseBytes,
        long firstByteNanos,
        long totalNanos,
        Ending ending) {
    /** How it ended. */
    public enum Ending {
        WHOLE,
        CLIENT_GONE,
        CUT
    }
}
