package mesh.core;

import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.core.wire.Message;

/** What a node wants done. Immutable records; names what, never how; those to one target keep their order. */
public sealed interface Effect {
    record Send(NodeId to, Message message) implements Effect {}

    /** The view of the mesh changed; for the log and for people. */
    record Noticed(Change change) implements Effect {}
}
