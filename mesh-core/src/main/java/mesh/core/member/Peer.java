package mesh.core.member;

import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/** What one node holds about another. Plain fields, because {@link Table} and {@link Members} are its only owners. */
final class Peer {
    final NodeId id;
    Announcement said;
    Member.State state = Member.State.ALIVE;

    /** When the announcement was made, by our clock and what its carriers said of its age. */
    long saidAtMillis;

    /** Where it stands in the table's list of the living or of the dead. */
    int place;

    int rttMillis = -1;

    /** While it is suspect. */
    @Nullable
    Doubt doubt;

    /** What is held against it, while it is suspect, dead or gone: told to it whenever we speak to it. */
    @Nullable
    Rumor verdict;

    long buriedAtMillis;

    Peer(Announcement said, long saidAtMillis) {
        this.id = said.subject();
        this.said = said;
        this.saidAtMillis = saidAtMillis;
    }

    boolean isLive() {
        return state == Member.State.ALIVE || state == Member.State.SUSPECT;
    }
}
