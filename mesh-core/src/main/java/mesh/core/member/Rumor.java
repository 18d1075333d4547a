package mesh.core.member;

import mesh.core.id.NodeId;

/**
 * A piece of news that outlives one hop. Signed by its speaker over the bytes as carried. Only the node itself
 * announces itself, leaves, or raises its incarnation; others may merely doubt it at an incarnation. Immutable.
 */
public sealed interface Rumor permits Announcement, Accusation, Farewell {
    /** What a message adds around the signed bytes: array and kind heads, two length heads, the age. */
    int FRAME_BYTES = 18;

    /** The node it is about. */
    NodeId subject();

    /** The node that signed it. */
    NodeId speaker();

    /** The life of the subject it is about: rises with every restart and every refutation. */
    long incarnation();

    Carried carried();

    /** An upper bound of what the rumour takes in a message. */
    default int bytes() {
        return carried().bytes() + FRAME_BYTES;
    }
}
