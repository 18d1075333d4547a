package mesh.daemon.api;

import java.util.List;
import mesh.daemon.edge.Upstream;

/**
 * Which models there are and where each answers, as the API asks for every request. Called on event loops: an
 * implementation reads a snapshot and never blocks. Each call stands for itself; two calls may see different moments.
 */
public interface Models {
    /** In the order of preference when a caller leaves the choice to the node; ready or not. */
    List<Entry> list();

    /** Exact names and aliases only: never another model than the one asked for. */
    Answer find(String name);

    /** Where a model stands. */
    enum State {
        READY,
        LOADING,
        /** For other nodes, or for their decision. */
        WAITING,
        FAILED
    }

    /**
     * A model as lists show it.
     *
     * @param detail progress or failure in a few words; empty when ready
     * @param contextTokens 0 = not known yet
     * @param sizeBytes 0 = not known
     * @param owner who says so, shown as {@code owned_by}
     */
    record Entry(
            String name,
            State state,
            String detail,
            int contextTokens,
            long sizeBytes,
            long createdSeconds,
            String owner) {}

    /** Where a request for a model goes. */
    sealed interface Answer {
        /** {@code model} is the full name of what was asked for. */
        record Ready(Upstream upstream, String model) implements Answer {}

        /** {@code progress} in a few words: a phase, or a percentage. */
        record Loading(String model, String progress, int retryAfterSeconds) implements Answer {}

        /** {@code code} is stable, {@code message} says what to do. */
        record Failed(String model, String code, String message) implements Answer {}

        /** {@code near} are names the caller may have meant, best first. */
        record Unknown(List<String> near) implements Answer {
            public Unknown {
                near = List.copyOf(near);
            }
        }
    }
}
