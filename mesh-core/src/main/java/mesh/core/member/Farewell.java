package mesh.core.member;

import mesh.core.id.NodeId;

/** A node's own notice that this life of it ends on purpose. Immutable. */
public record Farewell(NodeId subject, long incarnation, Carried carried) implements Rumor {
    @Override
    public NodeId speaker() {
        return subject;
    }
}
