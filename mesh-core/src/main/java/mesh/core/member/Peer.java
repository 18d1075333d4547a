package mesh.core.member;

import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * What one node holds about another. Plain fields, because {@link Table} and {@link Members} are its only owners; few,
 * because every node has one for every other.
 */
final class Peer {
    Announcement said;

    /** When the announcement was made, by our clock and what its carriers said of its age. */
    long saidAtMillis;

    /** Where it stands in the table's list of the living or of the dead. */
    int place;

    int rttMillis = -1;
    int lastRttMillis = -1;

    /** What is held against it; null while nobody doubts it. */
    @Nullable
    Charge charge;

    /** Why a peer is not simply alive. Its verdict is told to it whenever we speak to it. */
    sealed interface Charge {
        Rumor verdict();

        record Doubted(Rumor verdict, Doubt doubt) implements Charge {}

        record Buried(Rumor verdict, long atMillis) implements Charge {}
    }

    Peer(Announcement said, long saidAtMillis) {
        this.said = said;
        this.saidAtMillis = saidAtMillis;
    }

    NodeId id() {
        return said.subject();
    }

    boolean isLive() {
        return !(charge instanceof Charge.Buried);
    }

    boolean isDead() {
        return state() == Member.State.DEAD;
    }

    Member.State state() {
        return switch (charge) {
            case null -> Member.State.ALIVE;
            case Charge.Doubted _ -> Member.State.SUSPECT;
            case Charge.Buried(Farewell _, long _) -> Member.State.LEFT;
            case Charge.Buried _ -> Member.State.DEAD;
        };
    }
}
