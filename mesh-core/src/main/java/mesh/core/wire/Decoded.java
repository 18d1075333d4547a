package mesh.core.wire;

/** What became of bytes from a peer: a message, or a reason to count. */
public sealed interface Decoded {
    record Accepted(Message message) implements Decoded {}

    record Rejected(String reason) implements Decoded {}
}
