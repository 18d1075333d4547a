package mesh.core.member;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;
import mesh.core.Tunables;
import mesh.core.id.NodeId;

/**
 * Heals what gossip missed: compares tables with somebody now and then, sooner after a difference, and tries lost
 * members again. A newcomer's first comparison is its join, and the first one across two meshes merges them. One owner.
 */
final class Exchange {
    /** Id, incarnation and sequence with their heads: the most one entry of a version list takes. */
    private static final int VERSION_BYTES = 34 + 9 + 9 + 1;

    private static final int WANTED_BYTES = 34;

    /** Of those who were dialled on invites, so many are tried while nobody else is known. */
    private static final int INTRODUCED_MAX = 16;

    private final Members members;
    private final Table table;
    private final Tunables.Syncing tunables;
    private final SplittableRandom random;
    private final LinkedHashSet<NodeId> introduced = new LinkedHashSet<>();
    private long waitMillis;
    private long nextCompareMillis;
    private long nextReconnectMillis;
    private long newcomerUntilMillis;

    Exchange(Members members, Table table, Tunables.Syncing tunables, SplittableRandom random, long nowMillis) {
        this.members = members;
        this.table = table;
        this.tunables = tunables;
        this.random = random;
        this.waitMillis = tunables.soonMillis();
        this.nextCompareMillis = nowMillis + random.nextLong(tunables.soonMillis());
        this.newcomerUntilMillis = nowMillis + tunables.lateMillis();
        this.nextReconnectMillis = nowMillis + random.nextLong(tunables.reconnectMillis());
    }

    void tick(long nowMillis, Outbox out) {
        if (nowMillis >= nextCompareMillis) {
            for (Peer peer : table.someLive(1, null)) compareWith(peer.id(), List.of(), out);
            if (table.live().isEmpty()) introduceAgain(nowMillis, out);
            nextCompareMillis = nowMillis + waitMillis / 2 + random.nextLong(waitMillis);
            waitMillis = Math.min(tunables.lateMillis(), 2 * waitMillis);
        }
        if (nowMillis < nextReconnectMillis) return;
        nextReconnectMillis = nowMillis + tunables.reconnectMillis();
        table.forgetBuriedBefore(nowMillis - tunables.tombstoneMillis());
        tryOneOfTheLost(nowMillis, out);
    }

    /** Introduces this node to {@code peer} who let it in, and again until somebody answers. */
    void introduce(NodeId peer, long nowMillis, Outbox out) {
        if (introduced.size() < INTRODUCED_MAX) introduced.add(peer);
        soon(nowMillis);
        greet(peer, nowMillis, out);
    }

    private void introduceAgain(long nowMillis, Outbox out) {
        if (introduced.isEmpty()) return;
        NodeId next = introduced.removeFirst();
        introduced.addLast(next);
        waitMillis = tunables.soonMillis();
        greet(next, nowMillis, out);
    }

    /** Tells {@code peer} who speaks, and compares. */
    void greet(NodeId peer, long nowMillis, Outbox out) {
        compareWith(peer, List.of(members.ownWord(nowMillis)), out);
    }

    /** Until a comparison found nothing to learn. */
    boolean isNewcomer(long nowMillis) {
        return nowMillis < newcomerUntilMillis;
    }

    void soon(long nowMillis) {
        waitMillis = tunables.soonMillis();
        nextCompareMillis = Math.min(nextCompareMillis, nowMillis + random.nextLong(waitMillis));
    }

    /**
     * Answers a comparison with all that is held where it differs, in pages. Cuts finer than the asker did when this node
     * knows more, or one bucket of a newcomer would be a whole mesh and no page could hold it.
     */
    void compared(NodeId from, Digest theirs, Outbox out) {
        Digest ours = table.sum().cut(theirs.buckets());
        int buckets =
                Math.max(theirs.buckets(), table.sum().cutFor(table.nodes()).buckets());
        if (ours.equals(theirs)) {
            out.send(from, new Word.Versions(buckets, List.of(), List.of()));
            return;
        }
        var held = new HashMap<Integer, List<Version>>();
        for (Version version : versions())
            held.computeIfAbsent(Digest.bucketOf(version.id(), buckets), _ -> new ArrayList<>())
                    .add(version);
        var differing = new ArrayList<Integer>();
        var page = new ArrayList<Version>();
        for (int bucket = 0; bucket < buckets; bucket++) {
            int asked = bucket * theirs.buckets() / buckets;
            if (ours.bucket(asked) == theirs.bucket(asked)) continue;
            List<Version> more = held.getOrDefault(bucket, List.of());
            if (!page.isEmpty() && (page.size() + more.size()) * VERSION_BYTES > tunables.pageBytesMax()) {
                out.send(from, new Word.Versions(buckets, differing, page));
                differing.clear();
                page.clear();
            }
            differing.add(bucket);
            page.addAll(more);
        }
        out.send(from, new Word.Versions(buckets, differing, page));
    }

    /** Gives what the other lacks, asks for what it has. */
    void versions(NodeId from, Word.Versions theirs, long nowMillis, Outbox out) {
        if (theirs.differing().isEmpty()) {
            newcomerUntilMillis = 0;
            return;
        }
        soon(nowMillis);
        var held = new LinkedHashMap<NodeId, Version>();
        for (Version version : theirs.held()) held.put(version.id(), version);
        var differing = new BitSet();
        for (int bucket : theirs.differing()) differing.set(bucket);
        var news = new ArrayList<Told>();
        for (Version ours : versions()) {
            if (!differing.get(Digest.bucketOf(ours.id(), theirs.buckets()))) continue;
            Version other = held.get(ours.id());
            if (other == null || ours.isNewerThan(other.incarnation(), other.sequence()))
                news.add(members.wordOf(ours.id(), nowMillis));
        }
        var wanted = new ArrayList<NodeId>();
        for (Version other : held.values()) {
            switch (members.opinionOn(other)) {
                case WANTED -> wanted.add(other.id());
                case BURIED -> news.addAll(members.graveOf(other.id(), nowMillis));
                case HELD -> {}
            }
        }
        supply(from, news, wanted, out);
    }

    void wanted(NodeId from, List<NodeId> wanted, long nowMillis, Outbox out) {
        var news = new ArrayList<Told>();
        for (NodeId id : wanted) if (members.knows(id)) news.add(members.wordOf(id, nowMillis));
        if (!news.isEmpty()) supply(from, news, List.of(), out);
    }

    private void supply(NodeId to, List<Told> news, List<NodeId> wanted, Outbox out) {
        var page = new ArrayList<Told>();
        var ask = new ArrayList<NodeId>();
        int bytes = 0;
        for (NodeId id : wanted) {
            if (bytes + WANTED_BYTES > tunables.pageBytesMax()) {
                out.send(to, new Word.Supply(List.of(), ask));
                ask.clear();
                bytes = 0;
            }
            ask.add(id);
            bytes += WANTED_BYTES;
        }
        for (Told told : news) {
            if (bytes > 0 && bytes + told.rumor().bytes() > tunables.pageBytesMax()) {
                out.send(to, new Word.Supply(page, ask));
                page.clear();
                ask.clear();
                bytes = 0;
            }
            page.add(told);
            bytes += told.rumor().bytes();
        }
        if (bytes > 0) out.send(to, new Word.Supply(page, ask));
    }

    /** If it lives, it learns that it is held dead and rises; we learn what its side of a split knows. */
    private void tryOneOfTheLost(long nowMillis, Outbox out) {
        if (table.dead().isEmpty()) return;
        Peer lost = table.dead().get(random.nextInt(table.dead().size()));
        if (!lost.isDead()) return;
        var news = new ArrayList<Told>(members.graveOf(lost.id(), nowMillis));
        news.add(members.ownWord(nowMillis));
        compareWith(lost.id(), news, out);
    }

    private void compareWith(NodeId peer, List<Told> news, Outbox out) {
        out.send(peer, new Word.Compare(table.sum().cutFor(table.nodes()), news));
    }

    private List<Version> versions() {
        var all = new ArrayList<Version>(table.nodes());
        all.add(members.ownVersion());
        for (Peer peer : table.live()) all.add(peer.said.version());
        return all;
    }
}
