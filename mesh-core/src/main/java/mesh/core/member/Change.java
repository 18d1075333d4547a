package mesh.core.member;

import mesh.core.id.NodeId;

/** What changed in a node's view of its mesh. Immutable. */
public sealed interface Change {
    NodeId peer();

    /** First word of a node, or of a new life of one that was gone. */
    record Joined(NodeId peer, Announcement said) implements Change {}

    /** A newer word of a known node. */
    record Updated(NodeId peer, Announcement said) implements Change {}

    /** Somebody doubts it; it has a while to answer. */
    record Suspected(NodeId peer, NodeId by) implements Change {}

    /** It answered the doubt. */
    record Cleared(NodeId peer) implements Change {}

    /** It did not answer, or somebody who waited said so. */
    record Lost(NodeId peer, NodeId by) implements Change {}

    /** It said goodbye. */
    record Left(NodeId peer) implements Change {}

    /** This node was doubted, or heard of a former life, and raised its incarnation. */
    record Refuted(NodeId peer, long incarnation) implements Change {}

    /** A rumour whose signature does not hold: whoever carried it is broken or lies. */
    record Forged(NodeId peer, NodeId carrier) implements Change {}
}
