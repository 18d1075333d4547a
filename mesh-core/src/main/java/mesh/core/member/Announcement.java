package mesh.core.member;

import mesh.core.id.NodeId;

/**
 * A node's own word about itself. Newer is a higher incarnation, then a higher sequence; only the node itself makes
 * either. Immutable.
 */
public record Announcement(NodeId subject, long incarnation, long sequence, Profile profile, Carried carried)
        implements Rumor {
    @Override
    public NodeId speaker() {
        return subject;
    }

    public Version version() {
        return new Version(subject, incarnation, sequence);
    }

    public boolean isNewerThan(long otherIncarnation, long otherSequence) {
        return incarnation > otherIncarnation || (incarnation == otherIncarnation && sequence > otherSequence);
    }
}
