package mesh.daemon.nostr;

import java.util.Locale;

/**
 * How one relay's answer to one query ended, and what came until then.
 *
 * @param detail the relay's words, or why it was not heard
 * @param malformed events that are none
 * @param unasked events that no filter asked for
 */
public record Answered(End end, String detail, int events, int malformed, int unasked) {
    public enum End {
        /** All that it has was given. */
        COMPLETE,
        /** It refused to go on. */
        REFUSED,
        TIMED_OUT,
        /** It gave more than is looked at in one round. */
        TOO_MANY,
        /** It gave so much rubbish that it was cut off. */
        MISBEHAVED,
        /** No connection, or it broke. */
        LOST;

        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
