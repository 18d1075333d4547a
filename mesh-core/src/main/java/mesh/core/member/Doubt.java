package mesh.core.member;

import java.util.ArrayList;
import java.util.List;
import mesh.core.Tunables;
import mesh.core.id.NodeId;

/**
 * The time a suspect has to answer: long while one node alone doubts it, shorter with each independent accuser, as in
 * the Lifeguard paper. One owner.
 */
final class Doubt {
    final long incarnation;
    private final long floorMillis;
    private final long ceilingMillis;
    private final int confirmationsNeeded;
    private final List<NodeId> accusers = new ArrayList<>(1);
    private long startMillis;
    private boolean asked;

    /** {@code nodes} counts the whole mesh; accuser, accused and nobody else confirm nothing. */
    Doubt(long incarnation, NodeId accuser, int nodes, Tunables tunables, long nowMillis) {
        this.incarnation = incarnation;
        this.floorMillis = tunables.doubtFloorMillis(nodes);
        this.ceilingMillis = floorMillis * tunables.doubting().ceilingFactor();
        this.confirmationsNeeded = Math.clamp(nodes - 2, 0, tunables.doubting().confirmations());
        this.startMillis = nowMillis;
        accusers.add(accuser);
    }

    /** Whether the accuser is one more, and still counts. */
    boolean confirm(NodeId accuser) {
        if (accusers.size() > confirmationsNeeded || accusers.contains(accuser)) return false;
        return accusers.add(accuser);
    }

    /**
     * Once, halfway through the shortest wait: whoever still doubts asks the suspect itself, because its answer to others
     * may have passed us by. A living one has told nearly everybody by then, so few ask.
     */
    boolean isTimeToAsk(long nowMillis) {
        if (asked || nowMillis < startMillis + floorMillis / 2) return false;
        asked = true;
        return true;
    }

    /** Gives the suspect its whole time again: we were not awake to hear it. */
    void restart(long nowMillis) {
        startMillis = nowMillis;
        asked = false;
    }

    long deadlineMillis() {
        return startMillis + waitMillis(floorMillis, ceilingMillis, accusers.size() - 1, confirmationsNeeded);
    }

    /** From ceiling to floor with the logarithm of the confirmations: the first ones say the most. */
    static long waitMillis(long floorMillis, long ceilingMillis, int confirmations, int needed) {
        if (needed <= 0) return floorMillis;
        double part = StrictMath.log(confirmations + 1.0) / StrictMath.log(needed + 1.0);
        return Math.max(floorMillis, ceilingMillis - (long) ((ceilingMillis - floorMillis) * part));
    }
}
