package mesh.core.member;

import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * A node's peers by their ids, in an array of nothing but the peers: a map's entries would take more than the peers do,
 * and a simulated mesh holds one for every two nodes. Open addressing, at most three quarters full. One owner.
 */
final class PeersById {
    private static final int SLOTS_MIN = 16;

    private @Nullable Peer[] slots = new @Nullable Peer[SLOTS_MIN];
    private int size;

    int size() {
        return size;
    }

    @Nullable
    Peer get(NodeId id) {
        return slots[slotOf(id)];
    }

    /** Whether there was none of this id before. */
    boolean add(Peer peer) {
        int slot = slotOf(peer.id());
        if (slots[slot] != null) return false;
        slots[slot] = peer;
        size++;
        if (size > slots.length / 4 * 3) grow();
        return true;
    }

    void remove(NodeId id) {
        int slot = slotOf(id);
        if (slots[slot] == null) return;
        slots[slot] = null;
        size--;
        settleBehind(slot);
    }

    /** Those who stand behind a gap may have been pushed past it: each looks for its place anew. */
    private void settleBehind(int gap) {
        for (int at = next(gap); slots[at] != null; at = next(at)) {
            Peer pushed = slots[at];
            slots[at] = null;
            place(pushed);
        }
    }

    private void grow() {
        @Nullable Peer[] old = slots;
        slots = new @Nullable Peer[2 * old.length];
        for (Peer peer : old) place(peer);
    }

    private void place(@Nullable Peer peer) {
        if (peer != null) slots[slotOf(peer.id())] = peer;
    }

    /** Where {@code id} is, or would go. */
    private int slotOf(NodeId id) {
        int hash = id.hashCode();
        int slot = (hash ^ hash >>> 16) & slots.length - 1;
        for (Peer there = slots[slot]; there != null && !there.id().equals(id); there = slots[slot]) slot = next(slot);
        return slot;
    }

    private int next(int slot) {
        return slot + 1 & slots.length - 1;
    }
}
