package mesh.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import mesh.core.demand.Assignment;
import mesh.core.demand.Demand;
import mesh.core.demand.Standby;
import mesh.core.demand.Task;
import mesh.core.elect.Election;
import mesh.core.elect.Outcome;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Members;
import mesh.core.member.Outbox;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;
import mesh.core.member.Rules;
import mesh.core.member.Told;
import mesh.core.member.Voice;
import mesh.core.member.Word;
import mesh.core.route.Host;
import mesh.core.route.RouteReason;
import mesh.core.route.RouteTable;
import mesh.core.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * One node's mind: events in, effects out, the same for the same seed. Never blocks, never throws on input, reads no
 * clock. Owned by one thread; {@link #snapshot()} results may go anywhere.
 *
 * <p>A node whose facts say {@code CLIENT} is passive for its whole life: it holds a routing table and is in nobody's
 * gossip.
 */
public final class Node {
    /** A view that stood for longer than any wish takes to ripen makes no new one; it is looked at again now and then. */
    private static final long STILL_MILLIS = 2 * Standby.PROMOTE_SETTLE_MILLIS;

    private final NodeId self;
    private final Tunables tunables;
    private final boolean passive;
    private final AwakeClock clock;
    private final Members members;
    private final Passive client;
    private final Followers followers;
    private final Demand demand = new Demand();
    private final Engines engines;
    private final OwnWord own;
    private final Election election;
    private final Standby standby;

    /** With whom connections of splits stand. */
    private final TreeSet<NodeId> ties = new TreeSet<>();

    private final OwnWord.Paths paths = new OwnWord.Paths() {
        @Override
        public int rttMillis(NodeId peer) {
            return members.lastRttMillis(peer);
        }

        @Override
        public boolean isSplitWith(NodeId peer) {
            return ties.contains(peer);
        }
    };

    private final TreeMap<ModelRef, Outcome> elections = new TreeMap<>();

    /** Who voted last in each election: while they say the same, the result stands. */
    private Map<ModelRef, Map<NodeId, Profile>> electorates = new TreeMap<>();

    private List<NodeId> splitPartners = List.of();
    private Profile saidWhole;
    private Profile saidWithoutLoad;
    private boolean viewChanged = true;
    private boolean leaving;
    private long changedAtMillis;
    private long nextElectionMillis;
    private long nextStandbyMillis;
    private long nextLoadMillis;
    private long nextSayMillis;
    private @Nullable Snapshot snapshot;

    /**
     * {@code incarnation} is this life's number, above that of any earlier one: the start time will do, if no better is
     * stored. {@code facts} are described in {@link Event.Described}.
     */
    public Node(Voice voice, Tunables tunables, long incarnation, Profile facts, long seed, long nowMillis) {
        this(voice, tunables, new Rules(), incarnation, facts, seed, nowMillis);
    }

    /** With planted faults, for the tests that show they are caught. */
    Node(Voice voice, Tunables tunables, Rules rules, long incarnation, Profile facts, long seed, long nowMillis) {
        var random = new SplittableRandom(seed);
        this.self = voice.id();
        this.tunables = tunables;
        this.passive = facts.role() == Role.CLIENT;
        this.clock = new AwakeClock(tunables.tickMillis(), nowMillis);
        this.engines = new Engines(self, tunables.deciding());
        this.own = new OwnWord(facts, engines, demand);
        this.election = new Election(tunables.deciding().limits());
        this.standby = new Standby(new Assignment(election));
        this.saidWithoutLoad = own.withoutLoad(own.profile(0));
        this.saidWhole = saidWithoutLoad;
        this.members = new Members(voice, tunables, rules, random, incarnation, saidWithoutLoad, 0);
        this.client = new Passive(voice, tunables.passives(), random);
        this.followers = new Followers(tunables);
    }

    public void step(Event event, long nowMillis, List<Effect> out) {
        long now = clock.advance(nowMillis);
        var outbox = new EffectBox(out);
        if (clock.slept()) members.slept(now);
        switch (event) {
            case Event.Tick() -> tick(now, outbox, out);
            case Event.Received(NodeId from, Message message) -> received(from, message, now, outbox, out);
            case Event.Admitted(NodeId peer) -> {
                if (passive) client.admitted(peer, now, out);
                else members.greet(peer, now, outbox);
            }
            case Event.PeerDown(NodeId peer) -> {
                followers.lost(peer);
                if (passive) client.lost(peer, now, out);
                else members.lookAt(peer, now, outbox);
            }
            case Event.Tied(NodeId peer, boolean stands) -> tied(peer, stands);
            case Event.PeerRevoked(NodeId peer) -> {
                followers.lost(peer);
                tied(peer, false);
                if (!passive) members.expel(peer, now, outbox);
                else if (client.revoked(peer, now, out)) snapshot = null;
            }
            case Event.Described(Profile facts) -> own.describe(facts);
            case Event.Taken(Assigned assigned) -> own.take(assigned);
            case Event.Dropped(ModelRef model) -> own.drop(model);
            case Event.ModelReady ready -> engines.ready(ready);
            case Event.ModelFailed(ModelRef model) -> engines.failed(model, now);
            case Event.ModelEnded(ModelRef model) -> engines.ended(model);
            case Event.ModelLoad(ModelRef model, int outstanding, long milliTokensPerSecond) ->
                engines.loaded(model, outstanding, milliTokensPerSecond);
            case Event.Requested(ModelRef model) -> demand.asked(model, now);
            case Event.Leave() -> leave(now, outbox, out);
        }
        boolean isOwnAffair = !(event instanceof Event.Received) && !(event instanceof Event.Tick);
        if (isOwnAffair || now >= nextSayMillis) say(now, outbox);
    }

    public NodeId self() {
        return self;
    }

    /** For checks that hold after every step; an owner that wants to show something takes a {@link #snapshot()}. */
    public Members members() {
        return members;
    }

    /** How many passive nodes are told of changes. */
    public int followers() {
        return followers.size();
    }

    /** Built when something changed since the last time; what only ages does not count. */
    public Snapshot snapshot() {
        if (snapshot == null) snapshot = look(clock.awakeMillis());
        return snapshot;
    }

    private void tied(NodeId peer, boolean stands) {
        if (stands ? ties.add(peer) : ties.remove(peer)) viewChanged = true;
    }

    private void tick(long now, Outbox outbox, List<Effect> out) {
        if (passive) {
            client.tick(now, out);
            return;
        }
        members.tick(now, outbox);
        if (leaving) return;
        if (own.measure(paths, now)) viewChanged = true;
        decide(now, outbox, out);
        if (followers.isDue(now)) followers.push(hosts(now), now, out);
    }

    private void received(NodeId from, Message message, long now, Outbox outbox, List<Effect> out) {
        if (from.equals(self)) return;
        switch (message) {
            case Message.Gossip(Word word) -> {
                if (!passive) members.received(from, word, now, outbox);
            }
            case Message.RouteRequest(long digest) -> {
                if (!passive) followers.asked(from, digest, hosts(now), now, out);
            }
            case Message.RouteTable table -> {
                if (passive && client.table(from, table, now)) snapshot = null;
            }
            case Message.RouteNews news -> {
                if (passive && client.news(from, news, now)) snapshot = null;
            }
            // Whoever keeps this node's trust hears these; what comes of them arrives as an event.
            case Message.Revoking aboutTrust -> {}
        }
    }

    private void leave(long now, Outbox outbox, List<Effect> out) {
        leaving = true;
        if (!passive) members.leave(now, outbox);
        engines.goneAll(out);
    }

    // Deciding.

    /** Elections are held anew when the view changed, at most so often; their results ripen on every tick. */
    private void decide(long now, Outbox outbox, List<Effect> out) {
        if (viewChanged && now >= nextElectionMillis) {
            nextElectionMillis = now + tunables.deciding().electionMillis();
            viewChanged = false;
            elect(now, outbox, out);
        }
        elections.forEach((model, outcome) -> engines.elected(model, outcome, members::isTrusted, now, out));
        if (now < nextStandbyMillis || !own.assigned().isEmpty()) return;
        boolean isMoving = now - changedAtMillis < STILL_MILLIS;
        nextStandbyMillis = now + (isMoving ? tunables.deciding().standbyMillis() : STILL_MILLIS);
        Optional<Task.Serve> task = standby.observe(self, view(), own.declined(), now);
        if (task.isEmpty()) return;
        own.take(task.get().model());
        if (!task.get().source().isEmpty())
            out.add(new Effect.Fetch(task.get().model(), task.get().source()));
    }

    private void elect(long now, Outbox outbox, List<Effect> out) {
        var groups = new TreeMap<ModelRef, Map<NodeId, Profile>>();
        for (Assigned assigned : own.assigned()) groups.put(assigned.model(), new LinkedHashMap<>());
        Profile said = members.said().profile();
        members.eachLive((id, profile) -> join(groups, id, profile));
        silent().forEach((id, profile) -> join(groups, id, profile));
        join(groups, self, said);
        for (ModelRef model : List.copyOf(elections.keySet())) {
            if (groups.containsKey(model)) continue;
            elections.remove(model);
            engines.gone(model, out);
        }
        if (!groups.equals(electorates)) {
            var partners = new LinkedHashSet<NodeId>();
            groups.forEach((model, group) -> {
                elections.put(model, election.decide(model, group));
                partners.addAll(election.partners(self, model, group));
            });
            electorates = groups;
            splitPartners = List.copyOf(partners);
        }
        for (NodeId unmeasured : own.linksTo(splitPartners, paths, now)) members.lookAt(unmeasured, now, outbox);
    }

    /**
     * Lost members whom a split goes on with: this node by its own connections to them, others by what their host says. A
     * host strikes its worker from its word as soon as the connection is given up, so nobody waits for it longer.
     */
    private Map<NodeId, Profile> silent() {
        var named = new TreeSet<>(ties);
        members.eachLive((id, profile) -> {
            for (Served row : profile.served()) named.addAll(row.workers());
        });
        var silent = new TreeMap<NodeId, Profile>();
        for (NodeId id : named) members.silent(id).ifPresent(profile -> silent.put(id, profile));
        return silent;
    }

    /** Only those who put memory to a model take part in its election. */
    private static void join(Map<ModelRef, Map<NodeId, Profile>> groups, NodeId id, Profile profile) {
        for (Assigned assigned : profile.assigned()) {
            Map<NodeId, Profile> group = groups.get(assigned.model());
            if (group != null) group.put(id, profile);
        }
    }

    /** Announces what changed: what others decide by at once, mere load in its time. */
    private void say(long now, Outbox outbox) {
        if (passive || leaving) return;
        nextSayMillis = now + tunables.deciding().electionMillis();
        Profile fresh = own.profile(now);
        if (fresh.equals(saidWhole)) return;
        Profile withoutLoad = own.withoutLoad(fresh);
        if (withoutLoad.equals(saidWithoutLoad) && now < nextLoadMillis) return;
        saidWhole = fresh;
        saidWithoutLoad = withoutLoad;
        nextLoadMillis = now + tunables.loadMillis(members.nodes());
        members.say(fresh, now, outbox);
        changed();
    }

    private void changed() {
        viewChanged = true;
        changedAtMillis = clock.awakeMillis();
        nextStandbyMillis = Math.min(
                nextStandbyMillis, changedAtMillis + tunables.deciding().standbyMillis());
        snapshot = null;
    }

    // Looking.

    /** In the order of the table, which is another on every node: a decision that heeds it is found out by simulation. */
    private Map<NodeId, Profile> view() {
        var view = new LinkedHashMap<NodeId, Profile>();
        members.eachLive(view::put);
        view.put(self, members.said().profile());
        return view;
    }

    /** The words of all that serve something, for those who only ask. */
    private SortedMap<NodeId, Told> hosts(long now) {
        var hosts = new TreeMap<NodeId, Told>();
        if (!members.said().profile().served().isEmpty()) hosts.put(self, new Told(members.said(), 0));
        for (Member member : members.live(now))
            if (!member.profile().served().isEmpty())
                hosts.put(member.id(), new Told(member.said(), member.ageMillis()));
        return hosts;
    }

    private Snapshot look(long now) {
        List<Member> peers = passive ? client.hosts(now) : members.live(now);
        peers.sort(Comparator.comparing(Member::id));
        Profile profile = own.profile(now);
        var view = new TreeMap<NodeId, Profile>();
        view.put(self, profile);
        for (Member peer : peers) view.put(peer.id(), peer.profile());
        silent().forEach(view::putIfAbsent);
        var routes = new ArrayList<Host>();
        for (Served row : profile.served()) routes.add(new Host(self, row, 0, true, false));
        for (Member peer : peers)
            for (Served row : peer.profile().served())
                routes.add(new Host(peer.id(), row, peer.rttMillis(), false, peer.state() == Member.State.SUSPECT));
        var outcomes = outcomes(view);
        return new Snapshot(
                self, profile, peers, RouteTable.of(self, routes, absent(view, outcomes)), outcomes, standby.wish());
    }

    private SortedMap<ModelRef, Outcome> outcomes(Map<NodeId, Profile> view) {
        var models = new TreeSet<ModelRef>();
        for (Profile profile : view.values()) for (Assigned each : profile.assigned()) models.add(each.model());
        var outcomes = new TreeMap<ModelRef, Outcome>();
        for (ModelRef model : models) outcomes.put(model, election.decide(model, view));
        return outcomes;
    }

    private static SortedMap<ModelRef, RouteReason> absent(
            Map<NodeId, Profile> view, SortedMap<ModelRef, Outcome> outcomes) {
        var absent = new TreeMap<ModelRef, RouteReason>();
        for (Profile profile : view.values())
            for (var wanted : profile.wanted()) absent.put(wanted.model(), RouteReason.NOT_LOADED);
        outcomes.forEach((model, outcome) -> absent.put(
                model,
                outcome instanceof Outcome.Waiting waiting && waiting.reason() == Reason.MEMORY_SHORT
                        ? RouteReason.WAITING_FOR_MEMORY
                        : RouteReason.NOT_LOADED));
        return absent;
    }

    private final class EffectBox implements Outbox {
        private final List<Effect> effects;

        EffectBox(List<Effect> effects) {
            this.effects = effects;
        }

        @Override
        public void send(NodeId to, Word word) {
            effects.add(new Effect.Send(to, new Message.Gossip(word)));
        }

        @Override
        public void changed(Change change) {
            Node.this.changed();
            effects.add(new Effect.Noticed(change));
        }
    }
}
