package mesh.daemon.edge;

import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.daemon.quic.Peer;

/**
 * Another node's engine for {@code model}, reached by one stream per request.
 *
 * @param reach finds the connection, dialling if there is none; answers once, on any thread
 */
public record PeerHost(NodeId node, ModelRef model, Reach reach) implements Upstream {
    /** Finds the connection to a node. */
    @FunctionalInterface
    public interface Reach {
        void reach(NodeId node, Consumer<Optional<Peer>> found);
    }

    @Override
    public String toString() {
        return "node " + node;
    }
}
