package mesh.daemon.models;

import java.util.List;

/** What became of the name a user gave after {@code --model}. */
public sealed interface Resolved {
    record Found(ModelFile file) implements Resolved {}

    /**
     * Nothing of that name is on disk.
     *
     * @param near names that were perhaps meant, best first
     * @param advice what the user can do, as a sentence
     */
    record NotFound(Reason reason, String message, List<String> near, String advice) implements Resolved {
        public NotFound {
            near = List.copyOf(near);
        }
    }

    /** Something is there, or was to be made, and cannot be served. {@code code} is stable. */
    record Refused(String code, String message) implements Resolved {}

    /** Why nothing was found. */
    enum Reason {
        UNKNOWN_MODEL,
        NO_SUCH_FILE,
        NOT_DOWNLOADED;

        public String code() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
