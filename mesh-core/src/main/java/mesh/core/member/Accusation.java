package mesh.core.member;

import mesh.core.id.NodeId;

/**
 * One node's doubt about another's life at one incarnation. The accused answers with a higher incarnation, which ends
 * every doubt about the lower one. Signed by the accuser, so that confirmations cannot be invented. Immutable.
 */
public record Accusation(NodeId speaker, NodeId subject, long incarnation, Verdict verdict, Carried carried)
        implements Rumor {
    /** How sure the accuser is. */
    public enum Verdict {
        SUSPECT,
        DEAD
    }
}
