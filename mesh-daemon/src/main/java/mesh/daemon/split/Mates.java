package mesh.daemon.split;

import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.daemon.quic.Peer;

/** The other nodes of the mesh, as a split needs them. Safe on any thread. */
public interface Mates {
    /** A node to open tunnels to, dialled when it is not connected; empty when it cannot be reached. Blocks. */
    Optional<Peer> reach(NodeId node) throws InterruptedException;

    /** The same without dialling; returns at once. */
    Optional<Peer> connected(NodeId node);
}
