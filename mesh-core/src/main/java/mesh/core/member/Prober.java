package mesh.core.member;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import mesh.core.Tunables;
import mesh.core.id.NodeId;

/**
 * Looks after the others: one probe an interval, helpers asked when it goes unanswered, an accusation when they fail
 * too. A node that misses answers it should have had suspects itself first and takes more time. One owner.
 */
final class Prober {
    /** A slow link gets so many of its own round trips before a probe counts as late. */
    private static final int ROUND_TRIPS = 3;

    /** Nobody runs more at once for others; who asks beyond it finds other helpers. */
    private static final int ERRANDS_MAX = 64;

    private final Members members;
    private final Table table;
    private final Tunables.Probing tunables;
    private final List<Probe> probes = new ArrayList<>();
    private final List<Errand> errands = new ArrayList<>();
    private long nonce;
    private long nextProbeMillis;
    private int slowness;

    Prober(Members members, Table table, Tunables.Probing tunables, long firstNonce) {
        this.members = members;
        this.table = table;
        this.tunables = tunables;
        this.nonce = firstNonce;
    }

    /** A probe of ours under way. */
    private static final class Probe {
        final Peer target;
        final long nonce;
        final long startMillis;
        final long helpMillis;
        final long endMillis;
        boolean helpAsked;
        int helpers;
        int nacks;

        Probe(Peer target, long nonce, long startMillis, long helpMillis, long endMillis) {
            this.target = target;
            this.nonce = nonce;
            this.startMillis = startMillis;
            this.helpMillis = helpMillis;
            this.endMillis = endMillis;
        }
    }

    /** A probe on behalf of another. */
    private record Errand(NodeId asker, long askedNonce, long nonce, long nackMillis) {}

    int slowness() {
        return slowness;
    }

    void tick(long nowMillis, Outbox out) {
        for (Iterator<Errand> each = errands.iterator(); each.hasNext(); ) {
            Errand errand = each.next();
            if (nowMillis < errand.nackMillis) continue;
            out.send(errand.asker, new Word.Nack(errand.askedNonce));
            each.remove();
        }
        for (int at = probes.size() - 1; at >= 0; at--) advance(probes.get(at), nowMillis, out);
        if (nowMillis < nextProbeMillis) return;
        nextProbeMillis = nowMillis + tunables.intervalMillis() * (slowness + 1);
        Peer next = table.nextToProbe();
        if (next != null) probe(next, nowMillis, out);
    }

    /** Probes {@code target} out of turn, unless that is under way. */
    void probe(Peer target, long nowMillis, Outbox out) {
        for (Probe probe : probes) if (probe.target == target) return;
        long patience = Math.max(tunables.directMillis(), (long) ROUND_TRIPS * target.rttMillis) * (slowness + 1);
        long help = nowMillis + patience;
        long end = help + tunables.indirectMillis() * (slowness + 1) + Math.max(0, patience - tunables.directMillis());
        var probe = new Probe(target, nonce++, nowMillis, help, end);
        probes.add(probe);
        out.send(target.id(), new Word.Ping(probe.nonce, members.newsForPing(target.id(), nowMillis)));
    }

    void acked(NodeId from, long nonce, long nowMillis, Outbox out) {
        for (int at = 0; at < probes.size(); at++) {
            Probe probe = probes.get(at);
            if (probe.nonce != nonce) continue;
            probes.remove(at);
            if (from.equals(probe.target.id())) measured(probe.target, (int) (nowMillis - probe.startMillis));
            slowness = Math.max(0, slowness - 1);
            return;
        }
        for (int at = 0; at < errands.size(); at++) {
            Errand errand = errands.get(at);
            if (errand.nonce != nonce) continue;
            errands.remove(at);
            out.send(errand.asker, new Word.Ack(errand.askedNonce, members.newsForPing(errand.asker, nowMillis)));
            return;
        }
    }

    void nacked(long nonce) {
        for (Probe probe : probes) if (probe.nonce == nonce) probe.nacks++;
    }

    void help(NodeId asker, Word.Help help, long nowMillis, Outbox out) {
        if (errands.size() >= ERRANDS_MAX) return;
        long ours = nonce++;
        errands.add(new Errand(asker, help.nonce(), ours, nowMillis + tunables.directMillis()));
        out.send(help.target(), new Word.Ping(ours, members.newsForPing(help.target(), nowMillis)));
    }

    /** We were away: answers may lie unread, so nothing that was under way counts. */
    void slept() {
        probes.clear();
        errands.clear();
        feltSlow();
    }

    /** A sign that this node, rather than the others, is behind. */
    void feltSlow() {
        slowness = Math.min(tunables.slownessMax(), slowness + 1);
    }

    private void advance(Probe probe, long nowMillis, Outbox out) {
        if (!probe.target.isLive()) {
            probes.remove(probe);
            return;
        }
        if (nowMillis >= probe.endMillis) {
            probes.remove(probe);
            for (int missed = probe.nacks; missed < probe.helpers; missed++) feltSlow();
            members.accuse(probe.target, nowMillis, out);
            return;
        }
        if (probe.helpAsked || nowMillis < probe.helpMillis) return;
        probe.helpAsked = true;
        for (Peer helper : table.someLive(tunables.helpers(), probe.target)) {
            probe.helpers++;
            out.send(
                    helper.id(),
                    new Word.Help(probe.nonce, probe.target.id(), members.newsForPing(helper.id(), nowMillis)));
        }
    }

    /** Smooths by a quarter: follows a changed path within a few probes, forgives one late answer. */
    private static void measured(Peer peer, int rttMillis) {
        peer.lastRttMillis = rttMillis;
        peer.rttMillis = peer.rttMillis < 0 ? rttMillis : (3 * peer.rttMillis + rttMillis + 2) / 4;
    }
}
