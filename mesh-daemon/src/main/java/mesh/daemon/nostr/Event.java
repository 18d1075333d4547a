package mesh.daemon.nostr;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A signed event as relays carry it. Well-formed by construction of its reader, genuine only if {@link #isGenuine} says
 * so. Immutable.
 *
 * @param id hash of everything but the signature, in lower-case hex
 * @param author public key, in lower-case hex
 * @param createdAt seconds since 1970, as its author says
 */
public record Event(
        String id, String author, long createdAt, int kind, List<List<String>> tags, String content, String signature) {
    /** Ask for a deletion (NIP-09). */
    public static final int DELETION = 5;

    /** Prove a key to a relay (NIP-42). */
    public static final int AUTH = 22_242;

    public Event {
        tags = tags.stream().map(List::copyOf).toList();
    }

    /** What is to be signed. */
    public record Draft(long createdAt, int kind, List<List<String>> tags, String content) {
        public Draft {
            tags = tags.stream().map(List::copyOf).toList();
        }
    }

    /** The first value of the first tag of this name. */
    public Optional<String> tag(String name) {
        for (List<String> tag : tags) if (tag.size() > 1 && tag.getFirst().equals(name)) return Optional.of(tag.get(1));
        return Optional.empty();
    }

    public List<String> values(String name) {
        return tags.stream()
                .filter(tag -> tag.size() > 1 && tag.getFirst().equals(name))
                .map(tag -> tag.get(1))
                .toList();
    }

    /** Seconds since 1970 after which nobody should use it (NIP-40); empty without such a tag, or with one that is no number. */
    public OptionalLong expiration() {
        Optional<String> said = tag("expiration");
        if (said.isEmpty() || !said.get().matches("\\d{1,15}")) return OptionalLong.empty();
        return OptionalLong.of(Long.parseLong(said.get()));
    }

    public boolean isExpired(long nowSeconds) {
        OptionalLong end = expiration();
        return end.isPresent() && end.getAsLong() <= nowSeconds;
    }

    /** What a newer event replaces: kind, author and the {@code d} tag. */
    public String address() {
        return kind + ":" + author + ":" + tag("d").orElse("");
    }

    /** Whether this one wins over another of the same address: the newer, and of equals the lower id. */
    public boolean replaces(Event other) {
        return createdAt != other.createdAt ? createdAt > other.createdAt : id.compareTo(other.id) < 0;
    }

    public boolean hasTrueId() {
        return id.equals(CanonicalJson.id(author, createdAt, kind, tags, content));
    }

    /** Id and signature both hold. */
    public boolean isGenuine() {
        return hasTrueId() && Schnorr.verify(Hex.bytes(author), Hex.bytes(id), Hex.bytes(signature));
    }

    /** Without the content, which may hold invites. */
    @Override
    public String toString() {
        return "event " + id.substring(0, 8) + " kind " + kind + " of " + author.substring(0, 8);
    }
}
