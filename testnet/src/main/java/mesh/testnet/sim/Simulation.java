package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import mesh.core.Check;
import mesh.core.Effect;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.Tunables;
import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Accusation;
import mesh.core.member.Announcement;
import mesh.core.member.Change;
import mesh.core.member.Farewell;
import mesh.core.member.Profile;
import mesh.core.member.Rumor;
import mesh.core.member.Voice;
import mesh.core.wire.Codec;
import mesh.core.wire.Decoded;
import mesh.core.wire.Message;
import mesh.core.wire.SignedVoice;

/**
 * A mesh of many nodes on virtual time: one timeline, one thread, one seed. The same seed gives the same run, event for
 * event, in any JVM. Checks what must hold after every event and throws {@link Violation}, which names the seed and
 * the last events of the nodes involved.
 */
public final class Simulation {
    /** Every so many messages go through the real codec; what it makes of them must equal what went in. */
    private static final int CODEC_EVERY = 32;

    static final byte[] MESH = {'s', 'i', 'm'};

    /** The first life's clock: an hour before, so that clocks can be set back. */
    private static final long EPOCH_MILLIS = 3_600_000;

    /** Watches a run without touching it. */
    public interface Watcher {
        void noticed(long atMillis, int viewer, Change change);

        /** A start, stop, fetch or decision. */
        default void did(long atMillis, int node, Effect effect) {}
    }

    /** What is on the timeline. */
    sealed interface Item {
        record Tick(int node, int life) implements Item {}

        record Deliver(int from, int to, Message message) implements Item {}

        record Act(Runnable what) implements Item {}
    }

    private final long seed;
    private final Tunables tunables;
    private final Faults faults;
    private final NodeMaker maker;
    private final SplittableRandom random;
    private final VirtualNet net;
    private final Timeline<Item> timeline = new Timeline<>();
    private final List<SimNode> nodes = new ArrayList<>();
    private final HashMap<NodeId, Integer> indexes = new HashMap<>();
    private final Checkers checkers;

    /** The last rumour of each speaker that was found genuine: nodes share the very object, so one check does for all. */
    private final HashMap<NodeId, Rumor> genuine = new HashMap<>();

    private final Trace trace = new Trace();
    private final VirtualEngines engines = new VirtualEngines(this);
    private final List<Watcher> watchers = new ArrayList<>();
    private final Traffic traffic;
    private long events;
    private long digest;
    private long forgeries;
    private long wordsGrantedMillis;

    private Simulation(Builder builder) {
        this.seed = builder.seed;
        this.tunables = builder.tunables;
        this.faults = builder.faults;
        this.maker = builder.maker;
        this.random = new SplittableRandom(seed);
        this.net = new VirtualNet(faults, random.split());
        this.checkers = new Checkers(builder.nodes <= 2_000);
        this.traffic = new Traffic(builder.codecEvery);
        for (int index = 0; index < builder.nodes; index++) add();
    }

    public static Builder of(int nodes) {
        return new Builder(nodes);
    }

    /** How a run is set up; all but the size has a default. */
    public static final class Builder {
        private final int nodes;
        private long seed = 1;
        private Tunables tunables = Tunables.lan();
        private Faults faults = Faults.none();
        private NodeMaker maker = Node::new;
        private int codecEvery = CODEC_EVERY;

        private Builder(int nodes) {
            this.nodes = nodes;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder tunables(Tunables value) {
            tunables = value;
            return this;
        }

        public Builder faults(Faults value) {
            faults = value;
            return this;
        }

        public Builder maker(NodeMaker value) {
            maker = value;
            return this;
        }

        /** 1 puts every message through the codec and makes byte counts exact. */
        public Builder codecEvery(int value) {
            codecEvery = value;
            return this;
        }

        public Simulation build() {
            return new Simulation(this);
        }
    }

    // The run.

    public void run(long millis) {
        runUntil(nowMillis() + millis);
    }

    public void runUntil(long endMillis) {
        Item next;
        while ((next = timeline.next(endMillis)) != null) {
            Item item = next;
            switch (item) {
                case Item.Act(Runnable what) -> what.run();
                case Item.Tick(int node, int life) -> {
                    SimNode ticked = nodes.get(node);
                    if (ticked.life == life && ticked.isUp()) handle(ticked, item);
                }
                case Item.Deliver delivery -> {
                    SimNode receiver = nodes.get(delivery.to());
                    if (receiver.isUp()) handle(receiver, delivery);
                }
            }
        }
    }

    public long nowMillis() {
        return timeline.nowMillis();
    }

    public void at(long atMillis, Runnable what) {
        timeline.at(atMillis, new Item.Act(what));
    }

    public long events() {
        return events;
    }

    /** Words refused for their signature. */
    public long forgeries() {
        return forgeries;
    }

    /** Of every event and, at the moment of asking, of every view: equal for equal runs. */
    public long digest() {
        long all = digest;
        for (SimNode node : up()) {
            for (var member : mind(node).snapshot().peers())
                all = HashKeys.mix(all
                        ^ member.said().carried().hashCode()
                        ^ member.state().ordinal());
        }
        return all;
    }

    public Traffic traffic() {
        return traffic;
    }

    public VirtualNet net() {
        return net;
    }

    /** From now on nothing is lost, late or apart; what stopped stays stopped. */
    public void calmDown() {
        net.calmDown();
    }

    public Tunables tunables() {
        return tunables;
    }

    public int size() {
        return nodes.size();
    }

    public void watch(Watcher watcher) {
        watchers.add(watcher);
    }

    // Nodes.

    /** One more machine, not running yet. */
    public int add() {
        int index = nodes.size();
        var node = new SimNode(index, HashKeys.id(index), Machines.plain(index));
        node.clockOffsetMillis = EPOCH_MILLIS + random.nextInt(1_000);
        node.driftPpm = faults.driftPpm() == 0 ? 0 : random.nextInt(2 * faults.driftPpm()) - faults.driftPpm();
        nodes.add(node);
        indexes.put(node.id, index);
        return index;
    }

    /** Starts a node that knows nobody. */
    public void start(int index) {
        start(index, nodes.get(index).facts);
    }

    public void start(int index, Profile facts) {
        SimNode node = nodes.get(index);
        Check.that(!node.isUp(), "a node starts once", index);
        long clock = node.clockMillis(nowMillis());
        long incarnation = Math.max(clock, node.storedIncarnation + 1);
        node.storedIncarnation = incarnation;
        node.life++;
        node.facts = facts;
        checkers.started(index);
        node.mind = maker.make(new LoudVoice(node), tunables, incarnation, facts, random.nextLong(), clock);
        node.frozen = false;
        node.asleep = false;
        node.held.clear();
        timeline.at(nowMillis() + random.nextLong(tunables.tickMillis()), new Item.Tick(index, node.life));
    }

    /** {@code index} was let in by {@code host}, whatever the network is like in between. */
    public void join(int index, int host) {
        step(nodes.get(index), new Event.Admitted(id(host)));
    }

    public void startAllThrough(int host) {
        start(host);
        for (int index = 0; index < size(); index++) {
            if (index == host) continue;
            start(index);
            join(index, host);
        }
    }

    /** The same, {@code wave} nodes at a time. */
    public void startInWavesThrough(int host, int wave, long gapMillis) {
        start(host);
        int started = 0;
        for (int index = 0; index < size(); index++) {
            if (index == host) continue;
            start(index);
            join(index, host);
            if (++started % wave == 0) run(gapMillis);
        }
    }

    public void crash(int index) {
        SimNode node = nodes.get(index);
        node.mind = null;
        node.held.clear();
        engines.crashed(index);
    }

    /** Says goodbye, and is gone a moment later. */
    public void leave(int index) {
        tell(index, new Event.Leave());
        crash(index);
    }

    /** Starts again with the same key; without its disk it counts its life by its clock alone. */
    public void restart(int index, boolean remembers) {
        if (!remembers) nodes.get(index).storedIncarnation = 0;
        start(index);
    }

    /** Stops running; what arrives waits in its sockets, or is lost when the whole machine sleeps. */
    public void freeze(int index, boolean asleep) {
        nodes.get(index).frozen = true;
        nodes.get(index).asleep = asleep;
    }

    public void thaw(int index) {
        SimNode node = nodes.get(index);
        node.frozen = false;
        node.asleep = false;
        while (!node.held.isEmpty() && !node.frozen) {
            Item item = node.held.removeFirst();
            if (node.isUp()) handle(node, item);
        }
    }

    public void setClock(int index, long byMillis) {
        nodes.get(index).clockOffsetMillis += byMillis;
    }

    public void describe(int index, Profile facts) {
        nodes.get(index).facts = facts;
        tell(index, new Event.Described(facts));
    }

    public void tell(int index, Event event) {
        SimNode node = nodes.get(index);
        Check.that(node.isUp(), "only running nodes are told", index);
        step(node, event);
    }

    public VirtualEngines engines() {
        return engines;
    }

    /** The file is on disk now. */
    void fetched(int index, ModelRef model) {
        Profile facts = nodes.get(index).facts;
        describe(index, Machines.with(facts, model));
    }

    public Node node(int index) {
        return mind(nodes.get(index));
    }

    public boolean isUp(int index) {
        return nodes.get(index).isUp();
    }

    public boolean isFrozen(int index) {
        return nodes.get(index).frozen;
    }

    public NodeId id(int index) {
        return nodes.get(index).id;
    }

    public int index(NodeId id) {
        return Check.present(indexes.get(id), "ids belong to nodes");
    }

    /** From now on a word may be so old before everybody must hold it: in a large mesh some are always on their way. */
    public void grantWordsMillis(long millis) {
        Check.that(millis <= Checkers.REMEMBERED_MILLIS, "words are remembered as long as they may travel", millis);
        wordsGrantedMillis = millis;
    }

    /** Empty, or the first difference between a running node's view and the truth. */
    public String difference() {
        List<SimNode> up = up();
        long limitMillis = nowMillis() - wordsGrantedMillis;
        for (SimNode node : up) {
            String wrong = node.isClient()
                    ? checkers.ofClient(mind(node), up, limitMillis)
                    : checkers.ofMember(mind(node), up, limitMillis);
            if (!wrong.isEmpty()) return "node " + node.index + " " + wrong;
        }
        return "";
    }

    /** Empty, or the first node that does not play what the election over the true view gives it. */
    public String misplay() {
        List<SimNode> up = up();
        SortedMap<ModelRef, Outcome> agreed = null;
        for (SimNode node : up) {
            if (node.isClient()) continue;
            var outcomes = mind(node).snapshot().outcomes();
            if (agreed == null) agreed = outcomes;
            if (!agreed.equals(outcomes)) return "node " + node.index + " elects " + outcomes + " others " + agreed;
            for (var each : outcomes.entrySet()) {
                Part part = each.getValue().part(node.id);
                if (!engines.plays(node.index, each.getKey(), part))
                    return "node " + node.index + " should play " + part + " of " + each.getKey() + " but "
                            + engines.part(node.index, each.getKey());
            }
        }
        return "";
    }

    /** Runs until every node plays its part of the elections over equal views. */
    public long settle(long millisMax) {
        long start = nowMillis();
        String wrong = disagreement();
        while (!wrong.isEmpty()) {
            if (nowMillis() - start >= millisMax) fail("not settled after millis=" + millisMax + ": " + wrong);
            run(Math.min(100, start + millisMax - nowMillis()));
            wrong = disagreement();
        }
        return nowMillis() - start;
    }

    private String disagreement() {
        String difference = difference();
        return difference.isEmpty() ? misplay() : difference;
    }

    /** Runs until all views are true; how long that took. Fails when it takes longer than {@code millisMax}. */
    public long converge(long millisMax) {
        long start = nowMillis();
        String difference = difference();
        while (!difference.isEmpty()) {
            if (nowMillis() - start >= millisMax) fail("no agreement after millis=" + millisMax + ": " + difference);
            run(Math.min(100, start + millisMax - nowMillis()));
            difference = difference();
        }
        return nowMillis() - start;
    }

    public void fail(String what, int... involved) {
        throw new Violation("seed=" + seed + " nodes=" + size() + " at=" + nowMillis() + " events=" + events + " "
                + faults + ": " + what + "\n" + trace.of(involved));
    }

    // Inside.

    private List<SimNode> up() {
        return nodes.stream().filter(SimNode::isUp).toList();
    }

    private static Node mind(SimNode node) {
        return Check.present(node.mind, "only running nodes have a mind");
    }

    private void handle(SimNode node, Item item) {
        if (node.frozen) {
            if (!node.asleep || item instanceof Item.Tick) node.held.add(item);
            return;
        }
        switch (item) {
            case Item.Tick(int index, int life) -> {
                timeline.at(nowMillis() + tunables.tickMillis(), new Item.Tick(index, life));
                step(node, new Event.Tick());
            }
            case Item.Deliver delivery -> step(node, new Event.Received(id(delivery.from()), delivery.message()));
            case Item.Act _ -> Check.that(false, "acts belong to no node");
        }
    }

    private void step(SimNode node, Event event) {
        events++;
        digest = HashKeys.mix(digest ^ nowMillis() << 20 ^ node.index ^ ((long) kind(event) << 50));
        trace.add(node.index, nowMillis(), event);
        var effects = new ArrayList<Effect>();
        mind(node).step(event, node.clockMillis(nowMillis()), effects);
        for (Effect effect : effects) {
            switch (effect) {
                case Effect.Send(NodeId to, Message message) -> send(node, index(to), message);
                case Effect.Noticed(Change change) -> noticed(node, change);
                case Effect.Start start -> {
                    did(node, start);
                    engines.start(node.index, start);
                }
                case Effect.Stop stop -> {
                    did(node, stop);
                    engines.stop(node.index, stop);
                }
                case Effect.Fetch fetch -> {
                    did(node, fetch);
                    engines.fetch(node.index, fetch);
                }
                case Effect.Decided decided -> {
                    did(node, decided);
                    engines.decided();
                }
            }
        }
        String wrong = checkers.afterStep(mind(node));
        if (!wrong.isEmpty()) fail(wrong, node.index);
    }

    private void did(SimNode node, Effect effect) {
        trace.add(node.index, nowMillis(), effect);
        for (Watcher watcher : watchers) watcher.did(nowMillis(), node.index, effect);
    }

    private void noticed(SimNode viewer, Change change) {
        trace.add(viewer.index, nowMillis(), change);
        String wrong = checkers.afterChange(viewer.index, change);
        if (!wrong.isEmpty()) fail("node " + viewer.index + " holds " + wrong, viewer.index, index(change.peer()));
        if (change instanceof Change.Forged) forgeries++;
        for (Watcher watcher : watchers) watcher.noticed(nowMillis(), viewer.index, change);
    }

    private void send(SimNode from, int to, Message message) {
        if (traffic.count(from.index)) measure(from, message);
        long arrival = net.arrival(from.index, to, nowMillis());
        if (arrival == VirtualNet.LOST) return;
        var delivery = new Item.Deliver(from.index, to, message);
        timeline.at(arrival, delivery);
        if (net.duplicates()) timeline.at(net.arrival(from.index, to, nowMillis() + 1), delivery);
    }

    private void measure(SimNode from, Message message) {
        byte[] bytes = Codec.encode(message);
        traffic.measured(from.index, bytes.length);
        boolean same = Codec.decode(bytes) instanceof Decoded.Accepted(Message read) && read.equals(message);
        if (!same) fail("codec changed " + message, from.index);
    }

    private static int kind(Event event) {
        return switch (event) {
            case Event.Tick _ -> 1;
            case Event.Received received -> 8 + Math.floorMod(received.from().hashCode(), 1_000);
            case Event.Admitted _ -> 3;
            case Event.PeerDown _, Event.PeerRevoked _, Event.Tied _ -> 4;
            case Event.Described _ -> 5;
            case Event.Leave _ -> 6;
            case Event.ModelReady _, Event.ModelFailed _, Event.ModelEnded _, Event.ModelLoad _ -> 7;
            case Event.Taken _, Event.Dropped _, Event.Requested _ -> 4;
        };
    }

    /** A node's voice that the checkers overhear, so that they know who said what. */
    private final class LoudVoice implements Voice {
        private final SignedVoice voice;

        LoudVoice(SimNode node) {
            this.voice =
                    new SignedVoice(HashKeys.signer(node.id), HashKeys.verifier(), MESH, HashKeys.licence(node.id));
        }

        @Override
        public NodeId id() {
            return voice.id();
        }

        @Override
        public Announcement announce(long incarnation, long sequence, Profile profile) {
            Announcement word = voice.announce(incarnation, sequence, profile);
            checkers.says(word, nowMillis());
            return word;
        }

        @Override
        public Accusation accuse(NodeId subject, long incarnation, Accusation.Verdict verdict) {
            return voice.accuse(subject, incarnation, verdict);
        }

        @Override
        public Farewell bidFarewell(long incarnation) {
            return voice.bidFarewell(incarnation);
        }

        @Override
        @SuppressWarnings("ReferenceEquality")
        public boolean isGenuine(Rumor rumor) {
            if (genuine.get(rumor.speaker()) == rumor) return true;
            boolean isGenuine = voice.isGenuine(rumor);
            if (isGenuine) genuine.put(rumor.speaker(), rumor);
            return isGenuine;
        }
    }
}
