package mesh.core.member;

import mesh.core.id.NodeId;

/** Which word of a node somebody holds. Immutable. */
public record Version(NodeId id, long incarnation, long sequence) {
    public boolean isNewerThan(long otherIncarnation, long otherSequence) {
        return incarnation > otherIncarnation || (incarnation == otherIncarnation && sequence > otherSequence);
    }
}
