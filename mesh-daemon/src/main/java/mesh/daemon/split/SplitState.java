package mesh.daemon.split;

import java.util.List;
import java.util.Locale;

/**
 * Where a split stands on its host. It begins in {@code Reaching} and goes down this list; {@code Ended} and
 * {@code Stopped} are final and may follow any other.
 */
public sealed interface SplitState {
    /** Connections to the workers are being made. */
    record Reaching(List<String> missing) implements SplitState {}

    /** The workers start their rpc-servers. */
    record Leasing(List<String> missing) implements SplitState {}

    /** llama-server runs; {@code sentBytes} went to the workers, of about {@code dueBytes}. */
    record Loading(long sentBytes, long dueBytes) implements SplitState {}

    /** It answers on this port of 127.0.0.1 to whoever shows the key. */
    record Ready(int port, String apiKey) implements SplitState {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "Ready[port=%d, apiKey=***]", port);
        }
    }

    /** It ended unasked. */
    record Ended(SplitReason reason, String message) implements SplitState {}

    /** It was told to stop, and has: llama-server is gone and the tunnels are closed. */
    record Stopped() implements SplitState {}
}
