package mesh.daemon.loop;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import mesh.core.Event;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
import mesh.core.id.Trust;
import mesh.core.wire.Codec;
import mesh.core.wire.Message;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Doorkeeper;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;

/**
 * Sees to it that what the mesh revoked is revoked everywhere. Compares what it holds with every peer it meets, and with
 * one now and then, in a single number; exchanges what differs; hands on what is new once it is on disk; and puts out
 * whom it concerns. Works on a virtual thread of its own, {@code withdrawals}, behind a bounded mailbox: what finds no
 * room is dropped and counted, for the next comparison brings it back.
 */
final class Withdrawals {
    private static final Log log = Log.of(Withdrawals.class);

    private static final int MAILBOX_ITEMS = 256;

    /** Makes up for what was dropped; a node that was away is told when it comes back and waits for no comparison. */
    private static final long COMPARE_MILLIS = 30_000;

    /** So many tellings reach everybody with near certainty, and cost a mesh of a thousand a few kilobytes per node. */
    private static final int FANOUT = 32;

    private final Membership membership;
    private final QuicEndpoint endpoint;
    private final Supplier<Optional<MeshLoop>> loop;
    private final BlockingQueue<Item> mailbox = new ArrayBlockingQueue<>(MAILBOX_ITEMS);
    private final LongAdder dropped = new LongAdder();
    private final Thread thread;

    private sealed interface Item {
        /** A connection to {@code peer} is up. */
        record Met(Peer peer) implements Item {}

        record Heard(Peer peer, Message.Revoking message) implements Item {}
    }

    /** @param loop the node's, once it is in a mesh */
    Withdrawals(Membership membership, QuicEndpoint endpoint, Supplier<Optional<MeshLoop>> loop) {
        this.membership = membership;
        this.endpoint = endpoint;
        this.loop = loop;
        this.thread = Thread.ofVirtual().name("withdrawals").unstarted(this::run);
    }

    void start() {
        sayWhetherRevoked();
        for (Peer peer : endpoint.peers()) met(peer);
        thread.start();
    }

    void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }

    /** Any thread. */
    void met(Peer peer) {
        offer(new Item.Met(peer));
    }

    /** Any thread. */
    void heard(Peer peer, Message.Revoking message) {
        offer(new Item.Heard(peer, message));
    }

    private void offer(Item item) {
        if (!mailbox.offer(item)) dropped.increment();
    }

    /** How many messages found no room. */
    long dropped() {
        return dropped.sum();
    }

    /** Makes known what this node revoked, and acts on it. Any thread. */
    void announce(Revocation own) {
        handOn(List.of(own), Optional.empty());
        putOut(List.of(own));
    }

    private void run() {
        try {
            long nextNanos = System.nanoTime();
            while (true) {
                Item item = mailbox.poll(nextNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (item != null) take(item);
                if (System.nanoTime() - nextNanos < 0) continue;
                nextNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(COMPARE_MILLIS);
                some(1, Optional.empty()).forEach(this::compare);
            }
        } catch (InterruptedException ending) {
            // Closed while it waited.
        }
    }

    private void take(Item item) {
        switch (item) {
            case Item.Met(Peer peer) -> compare(peer);
            case Item.Heard(Peer peer, Message.RevocationSum(long sum)) -> {
                if (sum != sum(held())) post(peer, new Message.RevocationMarks(List.copyOf(held().keySet())));
            }
            case Item.Heard(Peer peer, Message.RevocationMarks(List<Long> theirs)) -> settle(peer, theirs);
            case Item.Heard(Peer peer, Message.Revocations(List<Revocation> told, List<Long> wanted)) -> {
                learn(peer, told);
                supply(peer, held(), wanted, List.of());
            }
        }
    }

    /** A mesh that has revoked nothing says nothing about it. */
    private void compare(Peer peer) {
        long sum = sum(held());
        if (sum != 0) post(peer, new Message.RevocationSum(sum));
    }

    private void settle(Peer peer, List<Long> theirs) {
        SortedMap<Long, Revocation> held = held();
        var extra = new ArrayList<>(held.keySet());
        extra.removeAll(new java.util.HashSet<>(theirs));
        List<Long> lacking =
                theirs.stream().filter(mark -> !held.containsKey(mark)).toList();
        supply(peer, held, extra, lacking);
    }

    /** Tells those of the marks that this node holds, page by page; the first page asks for {@code lacking}. */
    private static void supply(Peer peer, Map<Long, Revocation> held, List<Long> marks, List<Long> lacking) {
        List<Long> asked = lacking;
        var page = new ArrayList<Revocation>();
        int bytes = 0;
        for (Long mark : marks) {
            Revocation each = held.get(mark);
            if (each == null) continue;
            int more = each.bytes().length;
            if (bytes + more > Message.Revocations.TOLD_BYTES_MAX) {
                post(peer, new Message.Revocations(page, asked));
                asked = List.of();
                page.clear();
                bytes = 0;
            }
            page.add(each);
            bytes += more;
        }
        if (!page.isEmpty() || !asked.isEmpty()) post(peer, new Message.Revocations(page, asked));
    }

    private void learn(Peer from, List<Revocation> told) {
        if (told.isEmpty()) return;
        try {
            Membership.Learned learned = membership.learn(told);
            // Whoever hands on a revocation has checked it before.
            if (learned.isFalse()) from.drop("false_revocation");
            if (learned.news().isEmpty()) return;
            handOn(learned.news(), Optional.of(from));
            putOut(learned.news());
        } catch (IOException disk) {
            log.error("revocation.unwritten", "cause", disk.toString());
        }
    }

    private void handOn(List<Revocation> news, Optional<Peer> but) {
        var marked = new TreeMap<Long, Revocation>();
        for (Revocation each : news) marked.put(each.mark(), each);
        for (Peer peer : some(FANOUT, but)) supply(peer, marked, List.copyOf(marked.keySet()), List.of());
    }

    /** Ends connections to the revoked, and has them forgotten by the node. */
    private void putOut(List<Revocation> news) {
        Optional<Doorkeeper.Standing> standing = membership.standing();
        if (standing.isEmpty()) return;
        Trust trust = standing.get().trust();
        for (Revocation each : news)
            log.info("revocation.learned", "target", each.terms().target(), "by", each.signer());
        sayWhetherRevoked();
        endpoint.recheck(this::forget);
        for (Revocation each : news)
            if (each.terms().target() instanceof Revocation.Target.Node(NodeId node)
                    && endpoint.peer(node).isEmpty()
                    && trust.isRevoked(node)) forget(node);
    }

    private void sayWhetherRevoked() {
        boolean isRevoked = membership
                .standing()
                .map(now -> now.trust().isRevoked(now.own()))
                .orElse(false);
        if (isRevoked) log.error("membership.revoked", "node", endpoint.id());
    }

    private void forget(NodeId node) {
        loop.get().ifPresent(told -> told.tell(new Event.PeerRevoked(node)));
    }

    private List<Peer> some(int max, Optional<Peer> but) {
        var peers = new ArrayList<>(endpoint.peers());
        but.ifPresent(peers::remove);
        Collections.shuffle(peers, ThreadLocalRandom.current());
        return peers.subList(0, Math.min(max, peers.size()));
    }

    private SortedMap<Long, Revocation> held() {
        return membership
                .standing()
                .map(now -> now.trust().revocations(System.currentTimeMillis()))
                .orElse(Collections.emptySortedMap());
    }

    private static long sum(SortedMap<Long, Revocation> held) {
        long sum = 0;
        for (Long mark : held.keySet()) sum ^= mark;
        return sum;
    }

    private static void post(Peer peer, Message.Revoking message) {
        peer.post(StreamType.TRUST, Codec.encode(message));
    }
}
