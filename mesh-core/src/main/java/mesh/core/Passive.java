package mesh.core;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Member;
import mesh.core.member.Told;
import mesh.core.member.Voice;
import mesh.core.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * A client's mind: a routing table of signed words, pulled from one host and corrected by its pushes; when that host
 * falls silent, from another one of the table, whose address the table holds. Owned by {@link Node}.
 */
final class Passive {
    /** An answer not there by then will not come. */
    private static final long ANSWER_MILLIS_MAX = 3_000;

    private final Voice voice;
    private final Tunables.Passives tunables;
    private final SplittableRandom random;
    private final LinkedHashSet<NodeId> introduced = new LinkedHashSet<>();
    private final TreeMap<NodeId, Host> hosts = new TreeMap<>();
    private Incoming incoming = new Incoming(0, 0);
    private @Nullable NodeId source;
    private long askedAtMillis;
    private long nextPullMillis;
    private boolean waiting;

    private record Host(Announcement word, long saidAtMillis) {}

    /** A table under way, whose parts may come in any order and more than once. */
    private static final class Incoming {
        final long digest;
        final int parts;
        final BitSet seen = new BitSet();
        final TreeMap<NodeId, Host> hosts = new TreeMap<>();

        Incoming(long digest, int parts) {
            this.digest = digest;
            this.parts = parts;
        }

        boolean isSameTable(Message.RouteTable part) {
            return part.digest() == digest && part.parts() == parts;
        }

        boolean isWhole() {
            return seen.cardinality() == parts;
        }
    }

    Passive(Voice voice, Tunables.Passives tunables, SplittableRandom random) {
        this.voice = voice;
        this.tunables = tunables;
        this.random = random;
    }

    void admitted(NodeId peer, long nowMillis, List<Effect> out) {
        introduced.add(peer);
        if (source == null) ask(peer, nowMillis, out);
    }

    void lost(NodeId peer, long nowMillis, List<Effect> out) {
        if (Objects.equals(peer, source)) askAnother(nowMillis, out);
    }

    /** Whether the table changed. */
    boolean revoked(NodeId peer, long nowMillis, List<Effect> out) {
        introduced.remove(peer);
        boolean changed = hosts.remove(peer) != null;
        lost(peer, nowMillis, out);
        return changed;
    }

    void tick(long nowMillis, List<Effect> out) {
        if (source == null) return;
        if (waiting && nowMillis - askedAtMillis > ANSWER_MILLIS_MAX) askAnother(nowMillis, out);
        else if (!waiting && nowMillis >= nextPullMillis) ask(source, nowMillis, out);
    }

    /** Whether the table changed. */
    boolean table(NodeId from, Message.RouteTable table, long nowMillis) {
        if (!Objects.equals(from, source) || !waiting) return false;
        if (!incoming.isSameTable(table)) incoming = new Incoming(table.digest(), table.parts());
        if (incoming.seen.get(table.part())) return false;
        incoming.seen.set(table.part());
        for (Told told : table.hosts()) collect(told, nowMillis, incoming.hosts);
        if (!incoming.isWhole()) return false;
        waiting = false;
        nextPullMillis = nowMillis + tunables.pullMillis();
        boolean same = table.digest() == RouteWords.digest(words());
        if (!same) {
            hosts.clear();
            hosts.putAll(incoming.hosts);
        }
        incoming = new Incoming(0, 0);
        return !same;
    }

    boolean news(NodeId from, Message.RouteNews news, long nowMillis) {
        if (!Objects.equals(from, source)) return false;
        boolean changed = false;
        for (Told told : news.changed()) {
            changed |= collect(told, nowMillis, hosts);
            collect(told, nowMillis, incoming.hosts);
        }
        for (NodeId gone : news.gone()) {
            changed |= hosts.remove(gone) != null;
            incoming.hosts.remove(gone);
        }
        return changed;
    }

    /** As far as a client can tell they live: it hears of their end from its source. */
    List<Member> hosts(long nowMillis) {
        var members = new ArrayList<Member>();
        hosts.forEach((id, host) ->
                members.add(new Member(id, Member.State.ALIVE, host.word, nowMillis - host.saidAtMillis, -1)));
        return members;
    }

    /** Only what its speaker signed, and never older than what is held. */
    private boolean collect(Told told, long nowMillis, Map<NodeId, Host> into) {
        if (!(told.rumor() instanceof Announcement word) || !voice.isGenuine(word)) return false;
        Host held = hosts.get(word.subject());
        boolean old = held != null && !word.isNewerThan(held.word.incarnation(), held.word.sequence());
        into.put(word.subject(), old ? held : new Host(word, nowMillis - told.ageMillis()));
        return !old;
    }

    private void ask(NodeId peer, long nowMillis, List<Effect> out) {
        source = peer;
        waiting = true;
        incoming = new Incoming(0, 0);
        askedAtMillis = nowMillis;
        out.add(new Effect.Send(peer, new Message.RouteRequest(RouteWords.digest(words()))));
    }

    private void askAnother(long nowMillis, List<Effect> out) {
        var others = new ArrayList<NodeId>(hosts.keySet());
        for (NodeId peer : introduced) if (!hosts.containsKey(peer)) others.add(peer);
        others.remove(source);
        if (!others.isEmpty()) ask(others.get(random.nextInt(others.size())), nowMillis, out);
        else if (source != null) ask(source, nowMillis, out);
    }

    private Collection<Announcement> words() {
        return hosts.values().stream().map(Host::word).toList();
    }
}
