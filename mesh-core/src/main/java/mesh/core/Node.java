package mesh.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Members;
import mesh.core.member.Outbox;
import mesh.core.member.Profile;
import mesh.core.member.Rules;
import mesh.core.member.Voice;
import mesh.core.member.Word;
import mesh.core.wire.Message;

/**
 * One node's mind: events in, effects out, the same for the same seed. Never blocks, never throws on input, reads no
 * clock. Owned by one thread; {@link #snapshot()} results may go anywhere.
 */
public final class Node {
    private final NodeId self;
    private final AwakeClock clock;
    private final Members members;

    /**
     * {@code incarnation} is this life's number, above that of any earlier one: the start time will do, if no better is
     * stored.
     */
    public Node(Voice voice, Tunables tunables, long incarnation, Profile profile, long seed, long nowMillis) {
        this(voice, tunables, new Rules(), incarnation, profile, seed, nowMillis);
    }

    /** With planted faults, for the tests that show they are caught. */
    Node(Voice voice, Tunables tunables, Rules rules, long incarnation, Profile profile, long seed, long nowMillis) {
        this.self = voice.id();
        this.clock = new AwakeClock(tunables.tickMillis(), nowMillis);
        this.members = new Members(voice, tunables, rules, new SplittableRandom(seed), incarnation, profile, 0);
    }

    public void step(Event event, long nowMillis, List<Effect> out) {
        long now = clock.advance(nowMillis);
        var outbox = new EffectBox(out);
        if (clock.slept()) members.slept(now);
        switch (event) {
            case Event.Tick() -> members.tick(now, outbox);
            case Event.Received(NodeId from, Message message) -> received(from, message, now, outbox);
            case Event.Admitted(NodeId peer) -> members.greet(peer, now, outbox);
            case Event.PeerDown(NodeId peer) -> members.lostTouch(peer, now, outbox);
            case Event.Described(Profile profile) -> members.say(profile, now, outbox);
            case Event.Leave() -> members.leave(now, outbox);
        }
    }

    public NodeId self() {
        return self;
    }

    /** For checks that hold after every step; an owner that wants to show something takes a {@link #snapshot()}. */
    public Members members() {
        return members;
    }

    public Snapshot snapshot() {
        var peers = new ArrayList<>(members.live(clock.awakeMillis()));
        peers.sort(Comparator.comparing(Member::id));
        return new Snapshot(self, members.said(), peers);
    }

    private void received(NodeId from, Message message, long now, Outbox out) {
        if (from.equals(self)) return;
        switch (message) {
            case Message.Gossip(Word word) -> members.received(from, word, now, out);
            case Message.RouteRequest _, Message.RouteTable _, Message.RouteNews _ -> {}
        }
    }

    private record EffectBox(List<Effect> effects) implements Outbox {
        @Override
        public void send(NodeId to, Word word) {
            effects.add(new Effect.Send(to, new Message.Gossip(word)));
        }

        @Override
        public void changed(Change change) {
            effects.add(new Effect.Noticed(change));
        }
    }
}
