package mesh.daemon.nostr;

/** What one relay said to one event. */
public sealed interface Published {
    /** It says that it has it; only a read-back shows whether that is true. */
    record Accepted(String message) implements Published {}

    /** {@code message} begins with a word that says why, as NIP-01 lists them. */
    record Rejected(String message) implements Published {
        public String prefix() {
            int colon = message.indexOf(':');
            return colon < 0 ? "error" : message.substring(0, colon);
        }
    }

    /** No answer: not connected, cut off, or silent until the deadline. It may have the event all the same. */
    record Unheard(String reason) implements Published {}

    default boolean isAccepted() {
        return this instanceof Accepted;
    }
}
