package mesh.daemon.quic;

import mesh.core.id.Refusal;

/** How an attempt to reach a node ended. */
public sealed interface Dialled {
    /** Admitted; {@code observed} is this node's address as the peer sees it. */
    record Reached(Peer peer, String observed) implements Dialled {}

    /** The node answered and does not let us in, or we do not accept what it shows. */
    record Refused(Refusal reason) implements Dialled {}

    /** Nobody with this key answered; {@code reason} is a short code. */
    record Unreachable(String reason) implements Dialled {}
}
