package mesh.core.member;

import mesh.core.id.NodeId;

/**
 * A member as one node sees it at one moment. Immutable.
 *
 * @param ageMillis how long ago the member said what is known of it
 * @param rttMillis round trip as measured by probes; -1 = not measured yet
 */
public record Member(NodeId id, State state, Announcement said, long ageMillis, int rttMillis) {
    /** Whether the member can be counted on. */
    public enum State {
        ALIVE,
        SUSPECT,
        DEAD,
        LEFT
    }

    public Profile profile() {
        return said.profile();
    }
}
