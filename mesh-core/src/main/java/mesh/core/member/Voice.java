package mesh.core.member;

import mesh.core.id.NodeId;

/** A node's means to speak: turns its own words into signed bytes, and tells genuine words from forged ones. */
public interface Voice {
    NodeId id();

    Announcement announce(long incarnation, long sequence, Profile profile);

    Accusation accuse(NodeId subject, long incarnation, Accusation.Verdict verdict);

    Farewell bidFarewell(long incarnation);

    /** Whether {@code rumor} was signed by its speaker, in this mesh, and claims no more than its certificate allows. */
    boolean isGenuine(Rumor rumor);
}
