package mesh.daemon.models;

import java.util.List;

/** What became of the name a user gave after {@code --model}. */
public sealed interface Resolved {
    /** What a look at the disk can tell. */
    sealed interface Opened extends Resolved {}

    record Found(ModelFile file) implements Opened {}

    /** It is not here, but known where it can be had. */
    record Fetchable(ModelSource source) implements Resolved {}

    /**
     * Nothing of that name is on disk or known elsewhere.
     *
     * @param near names that were perhaps meant, best first
     * @param advice what the user can do, as a sentence
     */
    record NotFound(Reason reason, String message, List<String> near, String advice) implements Opened {
        public NotFound {
            near = List.copyOf(near);
        }
    }

    /** Something is there, or was to be made, and cannot be served. {@code code} is stable. */
    record Refused(String code, String message) implements Opened {}

    /** Why nothing was found. */
    enum Reason {
        UNKNOWN_MODEL,
        /** Part of several names. */
        AMBIGUOUS,
        NO_SUCH_FILE;

        public String code() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
