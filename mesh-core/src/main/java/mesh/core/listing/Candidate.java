package mesh.core.listing;

import java.util.OptionalInt;

/**
 * A mesh that might be joined, as far as it is known.
 *
 * @param author the publisher's public key, in hex
 * @param isTrusted whether the seeker named this publisher beforehand
 * @param workBits proof of work behind the publisher's key
 */
public record Candidate(Listing listing, String author, boolean isTrusted, int workBits, Probe probe) {
    /** What asking the node itself brought. */
    public sealed interface Probe {
        /** Nobody asked it yet. */
        record Untried() implements Probe {}

        /** The holder of the right key answered. */
        record Answered(int millis) implements Probe {}

        /** Nobody with the right key did; {@code reason} is a short code. */
        record Failed(String reason) implements Probe {}

        /** One word for people and scripts. */
        default String code() {
            return switch (this) {
                case Untried() -> "untried";
                case Answered(int millis) -> "answered";
                case Failed(String reason) -> reason;
            };
        }
    }

    public Candidate probed(Probe answer) {
        return new Candidate(listing, author, isTrusted, workBits, answer);
    }

    /** Empty without an answer. */
    public OptionalInt latencyMillis() {
        return probe instanceof Probe.Answered(int millis) ? OptionalInt.of(millis) : OptionalInt.empty();
    }
}
