package mesh.core.member;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import mesh.core.Check;
import mesh.core.Tunables;
import mesh.core.id.NodeId;
import mesh.core.member.Peer.Charge;
import org.jspecify.annotations.Nullable;

/**
 * Who is in the mesh, as this node sees it: SWIM with indirect probes, suspicion that waits for the accused, and
 * signed words of which old ones never win. {@code nowMillis} is the time this node was awake, which never jumps. One
 * owner, the node.
 */
public final class Members {
    private final Voice voice;
    private final Tunables tunables;
    private final Rules rules;
    private final SplittableRandom random;
    private final NodeId self;
    private final Table table;
    private final Prober prober;
    private final Exchange exchange;
    private final RumorQueue queue = new RumorQueue();
    private final LinkedHashMap<NodeId, Peer> suspects = new LinkedHashMap<>();
    private Announcement said;
    private long saidAtMillis;
    private long nextSpreadMillis;
    private boolean leaving;

    /** What a newcomer is taught everybody else knows: it is not passed on, or a thousand joiners drown the mesh. */
    private boolean learning;

    /** {@code incarnation} must be above that of any earlier life, as far as the caller knows. */
    public Members(
            Voice voice,
            Tunables tunables,
            Rules rules,
            SplittableRandom random,
            long incarnation,
            Profile profile,
            long nowMillis) {
        this.voice = voice;
        this.tunables = tunables;
        this.rules = rules;
        this.random = random;
        this.self = voice.id();
        this.table = new Table(random);
        this.prober = new Prober(this, table, tunables.probing(), random.nextLong(1L << 32));
        this.exchange = new Exchange(this, table, tunables.syncing(), random, nowMillis);
        this.said = voice.announce(incarnation, 1, profile);
        this.saidAtMillis = nowMillis;
        table.sum().toggle(self, said.incarnation(), said.sequence());
        queue.add(said);
    }

    public void tick(long nowMillis, Outbox out) {
        if (!leaving) {
            prober.tick(nowMillis, out);
            exchange.tick(nowMillis, out);
            buryOverdue(nowMillis, out);
        }
        spread(nowMillis, out);
    }

    public void received(NodeId from, Word word, long nowMillis, Outbox out) {
        switch (word) {
            case Word.Ping(long nonce, List<Told> news) -> {
                hear(news, true, from, nowMillis, out);
                out.send(from, new Word.Ack(nonce, newsForPing(from, nowMillis)));
                if (table.peer(from) == null && !leaving) exchange.greet(from, nowMillis, out);
            }
            case Word.Ack(long nonce, List<Told> news) -> {
                hear(news, true, from, nowMillis, out);
                prober.acked(from, nonce, nowMillis, out);
            }
            case Word.Help help -> {
                hear(help.news(), true, from, nowMillis, out);
                prober.help(from, help, nowMillis, out);
            }
            case Word.Nack(long nonce) -> prober.nacked(nonce);
            case Word.Spread(List<Told> news) -> hear(news, true, from, nowMillis, out);
            case Word.Compare(Digest digest, List<Told> news) -> {
                hear(news, true, from, nowMillis, out);
                tellTheBuried(from, nowMillis, out);
                exchange.compared(from, digest, out);
            }
            case Word.Versions versions -> {
                tellTheBuried(from, nowMillis, out);
                exchange.versions(from, versions, nowMillis, out);
            }
            case Word.Supply(List<Told> news, List<NodeId> wanted) -> {
                learning = exchange.isNewcomer(nowMillis);
                hear(news, false, from, nowMillis, out);
                learning = false;
                exchange.wanted(from, wanted, nowMillis, out);
            }
        }
        spread(nowMillis, out);
    }

    /** First words to a node that was dialled on somebody's invite. */
    public void greet(NodeId peer, long nowMillis, Outbox out) {
        exchange.introduce(peer, nowMillis, out);
    }

    /** Probes {@code peer} out of turn: its connection broke, a use of it failed, or its distance is wanted. */
    public void lookAt(NodeId peer, long nowMillis, Outbox out) {
        Peer lost = table.peer(peer);
        if (lost != null && lost.isLive()) prober.probe(lost, nowMillis, out);
    }

    /** Buries {@code peer} without asking it: the mesh has put it out. */
    public void expel(NodeId peer, long nowMillis, Outbox out) {
        Peer expelled = table.peer(peer);
        if (expelled == null || !expelled.isLive()) return;
        var verdict = voice.accuse(peer, expelled.said.incarnation(), Accusation.Verdict.DEAD);
        bury(expelled, verdict, nowMillis, out);
        spread(nowMillis, out);
    }

    /** Says something new of this node. */
    public void say(Profile profile, long nowMillis, Outbox out) {
        speak(said.incarnation(), profile, nowMillis);
        spread(nowMillis, out);
    }

    /** Says goodbye to so many that nobody waits for a second round. */
    public void leave(long nowMillis, Outbox out) {
        leaving = true;
        Farewell farewell = voice.bidFarewell(said.incarnation());
        queue.dropWord(self);
        for (Peer peer : table.someLive(2 * tunables.gossiping().fanout(), null))
            out.send(peer.id(), new Word.Spread(List.of(new Told(farewell, 0))));
    }

    /** This node did not run for a while: what it missed is nobody's fault. */
    public void slept(long nowMillis) {
        prober.slept();
        for (Peer peer : suspects.values()) doubtOf(peer).restart(nowMillis);
        exchange.soon(nowMillis);
    }

    public Announcement said() {
        return said;
    }

    /** Everybody alive or suspect, in no particular order; this node is not among them. */
    public List<Member> live(long nowMillis) {
        var members = new ArrayList<Member>(table.live().size());
        for (Peer peer : table.live()) members.add(view(peer, nowMillis));
        return members;
    }

    /** Hands over everybody's profile but this node's. */
    public void eachLive(BiConsumer<NodeId, Profile> each) {
        for (Peer peer : table.live()) each.accept(peer.id(), peer.said.profile());
    }

    /** What a member last said that was lost since, rather than left. */
    public Optional<Profile> silent(NodeId id) {
        Peer peer = table.peer(id);
        return peer != null && peer.isDead() ? Optional.of(peer.said.profile()) : Optional.empty();
    }

    /** Round trip as the last probe found it; -1 = not known. */
    public int lastRttMillis(NodeId id) {
        Peer peer = table.peer(id);
        return peer == null ? -1 : peer.lastRttMillis;
    }

    /** Whether {@code id} is a member whom nobody doubts. */
    public boolean isTrusted(NodeId id) {
        Peer peer = table.peer(id);
        return peer != null && peer.charge == null;
    }

    /** How many live, this node included. */
    public int nodes() {
        return table.nodes();
    }

    public @Nullable Member member(NodeId id, long nowMillis) {
        Peer peer = table.peer(id);
        return peer == null ? null : view(peer, nowMillis);
    }

    /** How many nodes are known, the buried included. */
    public int known() {
        return table.known();
    }

    /** Rumours waiting; at most two for each node known, and a bounded number in all. */
    public int waiting() {
        return queue.size();
    }

    /** How much slower than it should be this node feels; 0 is well. */
    public int slowness() {
        return prober.slowness();
    }

    // What the prober and the exchange ask back.

    List<Told> newsForPing(NodeId to, long nowMillis) {
        return newsFor(to, tunables.gossiping().pingBytesMax(), nowMillis);
    }

    /** Our own probe failed. */
    void accuse(Peer peer, long nowMillis, Outbox out) {
        var doubt = voice.accuse(peer.id(), peer.said.incarnation(), Accusation.Verdict.SUSPECT);
        suspect(peer, doubt, nowMillis, out);
    }

    Told ownWord(long nowMillis) {
        return new Told(said, nowMillis - saidAtMillis);
    }

    Version ownVersion() {
        return said.version();
    }

    boolean knows(NodeId id) {
        Peer peer = table.peer(id);
        return id.equals(self) || (peer != null && peer.isLive());
    }

    Told wordOf(NodeId id, long nowMillis) {
        if (id.equals(self)) return ownWord(nowMillis);
        Peer peer = Check.present(table.peer(id), "only known nodes are told of");
        return new Told(peer.said, nowMillis - peer.saidAtMillis);
    }

    /** What is held against a buried node, with its last word: the proof that it once lived that life. */
    List<Told> graveOf(NodeId id, long nowMillis) {
        Peer peer = Check.present(table.peer(id), "only known nodes are told of");
        return List.of(wordOf(id, nowMillis), new Told(verdictOn(peer), 0));
    }

    /** What to do about a version that somebody else holds. */
    enum Opinion {
        HELD,
        WANTED,
        BURIED
    }

    Opinion opinionOn(Version theirs) {
        if (theirs.id().equals(self))
            return theirs.isNewerThan(said.incarnation(), said.sequence()) ? Opinion.WANTED : Opinion.HELD;
        Peer peer = table.peer(theirs.id());
        if (peer == null) return Opinion.WANTED;
        if (!peer.isLive())
            return verdictOn(peer).incarnation() >= theirs.incarnation() ? Opinion.BURIED : Opinion.WANTED;
        return theirs.isNewerThan(peer.said.incarnation(), peer.said.sequence()) ? Opinion.WANTED : Opinion.HELD;
    }

    // Hearing.

    private void hear(List<Told> news, boolean fresh, NodeId from, long nowMillis, Outbox out) {
        if (leaving) return;
        for (Told told : news) {
            switch (told.rumor()) {
                case Announcement word when word.subject().equals(self) -> hearOfFormerLife(word, from, nowMillis, out);
                case Announcement word -> hear(word, told.ageMillis(), from, nowMillis, out);
                case Accusation doubt when doubt.subject().equals(self) -> defend(doubt, from, nowMillis, out);
                case Accusation doubt -> hear(doubt, fresh, from, nowMillis, out);
                case Farewell farewell -> hear(farewell, from, nowMillis, out);
            }
        }
    }

    private void hear(Announcement word, long ageMillis, NodeId from, long nowMillis, Outbox out) {
        Peer peer = table.peer(word.subject());
        if (peer == null) {
            if (table.known() >= tunables.syncing().membersMax() || isForged(word, from, out)) return;
            welcome(new Peer(word, nowMillis - ageMillis), out);
        } else if (!peer.isLive()) {
            if (!rules.mayRise(verdictOn(peer), word) || isForged(word, from, out)) return;
            peer.said = word;
            peer.saidAtMillis = nowMillis - ageMillis;
            welcome(peer, out);
        } else if (rules.isNews(peer.said, word)) {
            if (isForged(word, from, out)) return;
            peer.saidAtMillis = nowMillis - ageMillis;
            table.update(peer, word);
            if (!learning) queue.add(word);
            out.changed(new Change.Updated(peer.id(), word));
            if (peer.charge instanceof Charge.Doubted(Rumor _, Doubt doubt) && rules.answers(doubt, word))
                clear(peer, out);
        } else queue.heardAgain(word);
    }

    private void welcome(Peer peer, Outbox out) {
        peer.charge = null;
        table.admit(peer);
        queue.dropDoubts(peer.id());
        if (!learning) queue.add(peer.said);
        out.changed(new Change.Joined(peer.id(), peer.said));
    }

    private void clear(Peer peer, Outbox out) {
        peer.charge = null;
        suspects.remove(peer.id());
        queue.dropDoubts(peer.id());
        out.changed(new Change.Cleared(peer.id()));
    }

    private void hear(Accusation doubt, boolean fresh, NodeId from, long nowMillis, Outbox out) {
        Peer peer = table.peer(doubt.subject());
        if (peer == null) return;
        boolean isKnown = peer.charge != null && doubt.equals(peer.charge.verdict());
        if (isKnown || !peer.isLive() || !rules.isCurrent(peer.said, doubt)) {
            queue.heardAgain(doubt);
            return;
        }
        if (isForged(doubt, from, out)) return;
        switch (doubt.verdict()) {
            case SUSPECT -> suspect(peer, doubt, nowMillis, out);
            case DEAD -> {
                if (fresh || !rules.doubtsOldVerdicts()) bury(peer, doubt, nowMillis, out);
                else accuse(peer, nowMillis, out);
            }
        }
    }

    private void hear(Farewell farewell, NodeId from, long nowMillis, Outbox out) {
        if (farewell.subject().equals(self)) {
            defend(farewell, from, nowMillis, out);
            return;
        }
        Peer peer = table.peer(farewell.subject());
        if (peer == null || !peer.isLive() || !rules.isCurrent(peer.said, farewell)) {
            queue.heardAgain(farewell);
            return;
        }
        if (!isForged(farewell, from, out)) bury(peer, farewell, nowMillis, out);
    }

    private boolean isForged(Rumor rumor, NodeId from, Outbox out) {
        if (rules.isGenuine(voice, rumor)) return false;
        out.changed(new Change.Forged(rumor.speaker(), from));
        return true;
    }

    // Doubting and burying.

    private void suspect(Peer peer, Accusation doubt, long nowMillis, Outbox out) {
        if (peer.charge instanceof Charge.Doubted(Rumor _, Doubt known)) {
            if (known.confirm(doubt.speaker())) queue.add(doubt);
            return;
        }
        var fresh = new Doubt(doubt.incarnation(), doubt.speaker(), table.nodes(), tunables, nowMillis);
        peer.charge = new Charge.Doubted(doubt, fresh);
        suspects.put(peer.id(), peer);
        queue.add(doubt);
        out.changed(new Change.Suspected(peer.id(), doubt.speaker()));
        boolean looksItself =
                random.nextInt(table.nodes()) < tunables.doubting().opinions();
        if (looksItself && !doubt.speaker().equals(self)) prober.probe(peer, nowMillis, out);
    }

    private void buryOverdue(long nowMillis, Outbox out) {
        if (suspects.isEmpty()) return;
        for (Peer peer : List.copyOf(suspects.values())) {
            Doubt doubt = doubtOf(peer);
            if (doubt.isTimeToAsk(nowMillis)) prober.probe(peer, nowMillis, out);
            if (rules.waits() && nowMillis < doubt.deadlineMillis()) continue;
            var verdict = voice.accuse(peer.id(), doubt.incarnation, Accusation.Verdict.DEAD);
            bury(peer, verdict, nowMillis, out);
        }
    }

    private void bury(Peer peer, Rumor verdict, long nowMillis, Outbox out) {
        suspects.remove(peer.id());
        peer.charge = new Charge.Buried(verdict, nowMillis);
        table.bury(peer);
        queue.dropWord(peer.id());
        queue.add(verdict);
        out.changed(peer.isDead() ? new Change.Lost(peer.id(), verdict.speaker()) : new Change.Left(peer.id()));
    }

    // Speaking.

    /**
     * Somebody doubts this node, or holds a former life's farewell against it: live on above that. Nobody else can raise
     * the incarnation, because a doubt about one that never was is not believed.
     */
    private void defend(Rumor doubt, NodeId from, long nowMillis, Outbox out) {
        if (!rules.defendsItself() || doubt.incarnation() > said.incarnation()) return;
        if (doubt.incarnation() == said.incarnation()) {
            if (isForged(doubt, from, out)) return;
            speak(said.incarnation() + 1, said.profile(), nowMillis);
            prober.feltSlow();
            out.changed(new Change.Refuted(self, said.incarnation()));
        }
        out.send(from, new Word.Spread(List.of(ownWord(nowMillis))));
    }

    private void hearOfFormerLife(Announcement word, NodeId from, long nowMillis, Outbox out) {
        if (!word.isNewerThan(said.incarnation(), said.sequence()) || isForged(word, from, out)) return;
        speak(word.incarnation() + 1, said.profile(), nowMillis);
        out.changed(new Change.Refuted(self, said.incarnation()));
    }

    private void speak(long incarnation, Profile profile, long nowMillis) {
        table.sum().toggle(self, said.incarnation(), said.sequence());
        said = voice.announce(incarnation, said.sequence() + 1, profile);
        saidAtMillis = nowMillis;
        table.sum().toggle(self, said.incarnation(), said.sequence());
        queue.add(said);
    }

    private void tellTheBuried(NodeId from, long nowMillis, Outbox out) {
        Peer peer = table.peer(from);
        if (peer != null && peer.isDead()) out.send(from, new Word.Spread(graveOf(from, nowMillis)));
    }

    /** News waits for the round's gap, except the first after a quiet while. */
    private void spread(long nowMillis, Outbox out) {
        if (nowMillis < nextSpreadMillis || queue.isEmpty() || leaving) return;
        nextSpreadMillis = nowMillis + tunables.gossiping().gapMillis();
        for (Peer peer : table.someLive(tunables.gossiping().fanout(), null)) {
            List<Told> news = newsFor(peer.id(), tunables.gossiping().spreadBytesMax(), nowMillis);
            if (news.isEmpty()) return;
            out.send(peer.id(), new Word.Spread(news));
        }
    }

    /** What there is to tell {@code to}; what is held against it comes first, so that it can answer. */
    private List<Told> newsFor(NodeId to, int bytesMax, long nowMillis) {
        Peer peer = table.peer(to);
        boolean accused = peer != null && peer.charge != null;
        if (!accused && queue.isEmpty()) return List.of();
        var news = new ArrayList<Told>();
        int room = bytesMax;
        if (accused) {
            news.addAll(graveOf(to, nowMillis));
            for (Told told : news) room -= told.rumor().bytes();
        }
        var rumors = new ArrayList<Rumor>();
        if (room > 0) queue.take(room, tunables.repeats(table.nodes()), rumors);
        for (Rumor rumor : rumors) news.add(new Told(rumor, ageOf(rumor, nowMillis)));
        return news;
    }

    private long ageOf(Rumor rumor, long nowMillis) {
        if (!(rumor instanceof Announcement word)) return 0;
        if (word.subject().equals(self)) return nowMillis - saidAtMillis;
        Peer peer = table.peer(word.subject());
        return peer == null ? 0 : nowMillis - peer.saidAtMillis;
    }

    private static Doubt doubtOf(Peer suspect) {
        Doubt doubt = suspect.charge instanceof Charge.Doubted doubted ? doubted.doubt() : null;
        return Check.present(doubt, "suspects are doubted");
    }

    private static Rumor verdictOn(Peer accused) {
        return Check.present(accused.charge, "accused and buried have a verdict")
                .verdict();
    }

    private static Member view(Peer peer, long nowMillis) {
        return new Member(peer.id(), peer.state(), peer.said, nowMillis - peer.saidAtMillis, peer.rttMillis);
    }
}
