package mesh.daemon.process;

import java.util.Locale;
import mesh.core.Check;

/**
 * Where a supervised child stands. It begins in {@code Starting}; {@code Failed} and {@code Stopped} are final, all
 * others may change. A listener sees every change in order.
 */
public sealed interface ChildState {
    /** The process is being started, or runs and does not listen yet. */
    record Starting() implements ChildState {}

    /** It listens and loads. {@code done} lies in 0 to 1, or is negative where nobody can know. */
    record Loading(double done) implements ChildState {
        public static final double UNKNOWN = -1;

        public Loading {
            Check.that(done <= 1, "progress is a share", done);
        }
    }

    /** It answers on this port of 127.0.0.1 to whoever shows the key. */
    record Ready(int port, String apiKey) implements ChildState {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "Ready[port=%d, apiKey=***]", port);
        }
    }

    /** It ended unasked and will be started again after the delay. */
    record Restarting(ExitReason reason, String message, long delayMillis) implements ChildState {}

    /** It ended unasked and stays down. */
    record Failed(ExitReason reason, String message) implements ChildState {}

    /** It was told to stop, and has. */
    record Stopped() implements ChildState {}
}
