package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import mesh.core.Node;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Version;

/**
 * What must hold after every event, and what must hold in the end. Keeps, beside the nodes' own books, who said what
 * and who was told of whose death. One owner, the simulation.
 */
final class Checkers {
    /** Rumours that a node may hold for others, however many it knows. */
    private static final int WAITING_MAX = 1_024;

    /** No word is granted longer to arrive. */
    static final long REMEMBERED_MILLIS = 10_000;

    /** What one node was last seen to hold of another. */
    private static final class Held {
        long incarnation = -1;
        long sequence;
        long buriedIncarnation = -1;
    }

    private final HashMap<NodeId, Said> said = new HashMap<>();
    /** What one node said, the last at the end; of what is long said only the newest. */
    private static final class Said {
        private record Word(Version version, long atMillis) {}

        private final ArrayList<Word> words = new ArrayList<>(1);

        void add(Version version, long nowMillis) {
            words.add(new Word(version, nowMillis));
            while (words.size() > 1 && words.get(1).atMillis <= nowMillis - REMEMBERED_MILLIS) words.removeFirst();
        }

        Version last() {
            return words.getLast().version;
        }

        /** Whether {@code held} is as new as what was last said until {@code limitMillis}. */
        boolean isHeard(Version held, long limitMillis) {
            int due = words.size() - 1;
            while (due > 0 && words.get(due).atMillis > limitMillis) due--;
            return !words.get(due).version.isNewerThan(held.incarnation(), held.sequence());
        }
    }

    private final List<HashMap<NodeId, Held>> views = new ArrayList<>();
    private final boolean remembersViews;

    /** {@code remembersViews} costs memory with the square of the mesh's size. */
    Checkers(boolean remembersViews) {
        this.remembersViews = remembersViews;
    }

    /** {@code viewer} starts a life without memory. */
    void started(int viewer) {
        while (views.size() <= viewer) views.add(new HashMap<>());
        views.get(viewer).clear();
    }

    void says(Announcement word, long nowMillis) {
        said.computeIfAbsent(word.subject(), _ -> new Said()).add(word.version(), nowMillis);
    }

    /** Empty, or what is wrong with the change. */
    String afterChange(int viewer, Change change) {
        return switch (change) {
            case Change.Joined(NodeId peer, Announcement word) -> heard(viewer, peer, word, true);
            case Change.Updated(NodeId peer, Announcement word) -> heard(viewer, peer, word, false);
            case Change.Lost(NodeId peer, NodeId _) -> buried(viewer, peer);
            case Change.Left(NodeId peer) -> buried(viewer, peer);
            case Change.Suspected _, Change.Cleared _, Change.Refuted _, Change.Forged _ -> "";
        };
    }

    String afterStep(Node mind) {
        int waiting = mind.members().waiting();
        int bound = Math.min(WAITING_MAX, 2 * (mind.members().known() + 1));
        return waiting <= bound ? "" : "rumours waiting=" + waiting + " bound=" + bound;
    }

    /** Empty, or how a client's table differs from what those who serve said until {@code limitMillis}. */
    String ofClient(Node client, List<SimNode> up, long limitMillis) {
        var truth = new HashMap<NodeId, Said>();
        for (SimNode node : up) if (node.serves()) truth.put(node.id, said.get(node.id));
        for (Member host : client.snapshot().peers()) {
            Said last = truth.remove(host.id());
            if (last == null || !last.isHeard(host.said().version(), limitMillis))
                return "routes to old news of " + host.id();
        }
        return truth.isEmpty()
                ? ""
                : "knows no way to " + truth.keySet().iterator().next();
    }

    /** Empty, or how a member's view differs from the truth, but for words said after {@code limitMillis}. */
    String ofMember(Node viewer, List<SimNode> up, long limitMillis) {
        List<Member> live = viewer.members().live(0);
        var truth = new HashMap<NodeId, Said>();
        for (SimNode node : up)
            if (!node.id.equals(viewer.self()) && !node.isClient()) truth.put(node.id, said.get(node.id));
        for (Member member : live) {
            Said last = truth.remove(member.id());
            if (last == null) return "holds a ghost " + member.id();
            if (!last.isHeard(member.said().version(), limitMillis))
                return "holds old news of " + member.id() + " held="
                        + member.said().version() + " last=" + last.last();
            if (member.state() != Member.State.ALIVE) return "still suspects " + member.id();
        }
        return truth.isEmpty()
                ? ""
                : "misses " + truth.size() + " such as "
                        + truth.keySet().iterator().next();
    }

    private String heard(int viewer, NodeId peer, Announcement word, boolean joined) {
        Said words = said.get(peer);
        Version last = words == null ? null : words.last();
        if (last == null || word.isNewerThan(last.incarnation(), last.sequence()))
            return "a word that " + peer + " never said " + word.version() + " last=" + last;
        if (!remembersViews) return "";
        Held held = views.get(viewer).computeIfAbsent(peer, _ -> new Held());
        if (joined && word.incarnation() <= held.buriedIncarnation)
            return "ghost " + peer + " revived at incarnation " + word.incarnation();
        if (!word.isNewerThan(held.incarnation, held.sequence))
            return "old news of " + peer + " won " + word.version() + " over " + held.incarnation + "/" + held.sequence;
        held.incarnation = word.incarnation();
        held.sequence = word.sequence();
        return "";
    }

    private String buried(int viewer, NodeId peer) {
        if (!remembersViews) return "";
        Held held = views.get(viewer).computeIfAbsent(peer, _ -> new Held());
        held.buriedIncarnation = held.incarnation;
        return "";
    }
}
