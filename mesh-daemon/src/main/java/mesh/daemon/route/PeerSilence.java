package mesh.daemon.route;

import mesh.core.id.NodeId;

/** How long nothing was heard of a node over an open connection to it. Any thread. */
@FunctionalInterface
public interface PeerSilence {
    /** 0 without a connection: then nothing is known. */
    long millis(NodeId node);
}
