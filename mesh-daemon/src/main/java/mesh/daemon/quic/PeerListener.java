package mesh.daemon.quic;

import io.netty.handler.codec.quic.QuicStreamChannel;
import java.net.InetSocketAddress;
import java.util.List;
import mesh.core.id.NodeId;
import mesh.core.wire.StreamType;

/**
 * What the endpoint tells its owner, who passes over what is of no interest. Everything comes on the endpoint's loop and
 * must return at once.
 */
public interface PeerListener {
    /** Admitted by both sides. Told once, however many connections the pair makes. */
    default void peerUp(Peer peer) {}

    /** No connection is left; {@code reason} is a short code. */
    default void peerDown(Peer peer, String reason) {}

    /** One message of {@code gossip}, {@code route}, {@code leave}, {@code probe} or {@code trust}, in the sender's order. */
    default void message(Peer peer, StreamType type, byte[] message) {}

    /**
     * A stream of any other type that the peer's role allows. Handlers added before returning see every byte after the
     * type; a stream without handlers when this returns is reset.
     */
    default void stream(Peer peer, StreamType type, QuicStreamChannel stream) {}

    /** Where a peer says that it is reached, best first; asked when a better way to it is looked for. */
    default List<InetSocketAddress> addresses(NodeId peer) {
        return List.of();
    }
}
