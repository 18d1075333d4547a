package mesh.core.member;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Everybody a node knows, itself aside: by id, the living in an order to be probed in, the dead by tombstone, and a
 * digest that follows along. Holds no opinion about who is which. One owner.
 */
final class Table {
    private final SplittableRandom random;

    private final PeersById byId = new PeersById();
    private final List<Peer> live = new ArrayList<>();
    private final List<Peer> dead = new ArrayList<>();
    private final Digest.Sum sum = new Digest.Sum();
    private int probeCursor;

    Table(SplittableRandom random) {
        this.random = random;
    }

    @Nullable
    Peer peer(NodeId id) {
        return byId.get(id);
    }

    List<Peer> live() {
        return live;
    }

    List<Peer> dead() {
        return dead;
    }

    /** The mesh's size, this node included. */
    int nodes() {
        return live.size() + 1;
    }

    int known() {
        return byId.size();
    }

    Digest.Sum sum() {
        return sum;
    }

    /** A new one, or one that comes back from the dead; a random place makes probe orders differ between nodes. */
    void admit(Peer peer) {
        if (!byId.add(peer)) remove(dead, peer);
        add(live, peer);
        swap(live, peer.place, random.nextInt(live.size()));
        sum.toggle(peer.id(), peer.said.incarnation(), peer.said.sequence());
    }

    void update(Peer peer, Announcement said) {
        sum.toggle(peer.id(), peer.said.incarnation(), peer.said.sequence());
        peer.said = said;
        sum.toggle(peer.id(), said.incarnation(), said.sequence());
    }

    void bury(Peer peer) {
        sum.toggle(peer.id(), peer.said.incarnation(), peer.said.sequence());
        remove(live, peer);
        add(dead, peer);
    }

    /** Removes tombstones set before {@code limitMillis}. */
    void forgetBuriedBefore(long limitMillis) {
        for (int at = dead.size() - 1; at >= 0; at--) {
            Peer peer = dead.get(at);
            if (peer.charge instanceof Peer.Charge.Buried(Rumor _, long atMillis) && atMillis >= limitMillis) continue;
            remove(dead, peer);
            byId.remove(peer.id());
        }
    }

    /** The living one after another in a random order that is drawn anew each round; null when there is none. */
    @Nullable
    Peer nextToProbe() {
        if (live.isEmpty()) return null;
        if (probeCursor >= live.size()) {
            probeCursor = 0;
            for (int at = live.size() - 1; at > 0; at--) swap(live, at, random.nextInt(at + 1));
        }
        return live.get(probeCursor++);
    }

    /** Up to {@code count} different ones of the living, but not {@code except}. */
    List<Peer> someLive(int count, @Nullable Peer except) {
        var some = new ArrayList<Peer>(count);
        int tries = 3 * count;
        while (some.size() < count && tries-- > 0 && !live.isEmpty()) {
            Peer peer = live.get(random.nextInt(live.size()));
            if (peer != except && !some.contains(peer)) some.add(peer);
        }
        return some;
    }

    private static void add(List<Peer> list, Peer peer) {
        peer.place = list.size();
        list.add(peer);
    }

    private static void remove(List<Peer> list, Peer peer) {
        Peer last = list.removeLast();
        if (last == peer) return;
        list.set(peer.place, last);
        last.place = peer.place;
    }

    private static void swap(List<Peer> list, int one, int other) {
        Peer moved = list.get(one);
        list.set(one, list.get(other));
        list.set(other, moved);
        list.get(one).place = one;
        moved.place = other;
    }
}
