package mesh.daemon.quic;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import mesh.core.id.NodeId;

/**
 * What this node carries for pairs of peers that cannot reach each other: sealed packets in, the same packets out, as far
 * as its bounds go; what is beyond them is dropped, which to QUIC is a narrow link. A pair is known by two tickets, one
 * for each side, and each ticket counts from its owner's address only. Owned by the endpoint's loop.
 */
public final class Relay {
    /** A connection in use says something each second; twice a NAT's shortest patience is surely over. */
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** A flight of packets passes at once: what a quarter of a second allows. */
    private static final long BURST_PART = 4;

    /**
     * How much this node does for others.
     *
     * @param pairsMax of all peers
     * @param pairsPerPeerMax of any one peer
     */
    public record Bounds(int pairsMax, int pairsPerPeerMax, long pairBytesPerSecond, long totalBytesPerSecond) {
        /**
         * A pair gets 40 Mbit/s, which carries every token stream and most splits; all of them together a home's fast
         * uplink, 100 Mbit/s.
         */
        static final Bounds DEFAULT = new Bounds(256, 32, 5_000_000, 12_500_000);
    }

    /** A ticket for each of the two. */
    record Tickets(long first, long second) {
        Tickets swapped() {
            return new Tickets(/* first= */ second, /* second= */ first);
        }
    }

    /** Where a packet goes on, under its other ticket. */
    record Onward(InetSocketAddress to, long ticket) {}

    private final Bounds bounds;
    private final Function<NodeId, Optional<InetSocketAddress>> whereabouts;
    private final Bucket total;
    private final SecureRandom random = new SecureRandom();
    private final List<Pair> pairs = new ArrayList<>();
    private final LongObjectMap<Pair> byTicket = new LongObjectHashMap<>();
    private long carriedPackets;
    private long carriedBytes;
    private long droppedPackets;

    private static final class Pair {
        final NodeId first;
        final NodeId second;
        final Tickets tickets;
        final Bucket bucket;
        long usedNanos;

        Pair(NodeId first, NodeId second, Tickets tickets, Bucket bucket, long nowNanos) {
            this.first = first;
            this.second = second;
            this.tickets = tickets;
            this.bucket = bucket;
            this.usedNanos = nowNanos;
        }

        boolean isOf(NodeId one, NodeId other) {
            return (first.equals(one) && second.equals(other)) || (first.equals(other) && second.equals(one));
        }

        boolean has(NodeId peer) {
            return first.equals(peer) || second.equals(peer);
        }
    }

    /** Fills at its rate, holds a burst. */
    private static final class Bucket {
        private final double bytesPerNano;
        private final double bytesMax;
        private double bytes;
        private long filledNanos;

        Bucket(long bytesPerSecond, long nowNanos) {
            bytesPerNano = bytesPerSecond / 1e9;
            bytesMax = (double) bytesPerSecond / BURST_PART;
            bytes = bytesMax;
            filledNanos = nowNanos;
        }

        boolean has(int wanted, long nowNanos) {
            bytes = Math.min(bytesMax, bytes + (nowNanos - filledNanos) * bytesPerNano);
            filledNanos = nowNanos;
            return bytes >= wanted;
        }

        void take(int taken) {
            bytes -= taken;
        }
    }

    /** @param whereabouts where a peer is connected from, without detours of its own */
    Relay(Bounds bounds, Function<NodeId, Optional<InetSocketAddress>> whereabouts) {
        this.bounds = bounds;
        this.whereabouts = whereabouts;
        this.total = new Bucket(bounds.totalBytesPerSecond, System.nanoTime());
    }

    /** Tickets for two peers, the same ones as long as they use them; empty when this node has no room. */
    Optional<Tickets> pair(NodeId first, NodeId second, long nowNanos) {
        for (Pair each : pairs)
            if (each.isOf(first, second)) {
                each.usedNanos = nowNanos;
                Tickets held = each.tickets;
                return Optional.of(each.first.equals(first) ? held : held.swapped());
            }
        if (pairs.size() >= bounds.pairsMax || count(first) >= bounds.pairsPerPeerMax) return Optional.empty();
        if (count(second) >= bounds.pairsPerPeerMax) return Optional.empty();
        var fresh = new Pair(
                first,
                second,
                new Tickets(ticket(), ticket()),
                new Bucket(bounds.pairBytesPerSecond, nowNanos),
                nowNanos);
        pairs.add(fresh);
        byTicket.put(fresh.tickets.first, fresh);
        byTicket.put(fresh.tickets.second, fresh);
        return Optional.of(fresh.tickets);
    }

    private int count(NodeId peer) {
        int count = 0;
        for (Pair each : pairs) if (each.has(peer)) count++;
        return count;
    }

    private long ticket() {
        return random.nextLong(1, Long.MAX_VALUE);
    }

    boolean knows(long ticket) {
        return byTicket.containsKey(ticket);
    }

    /** What to do with a packet under a ticket of ours; empty: drop it. */
    Optional<Onward> carry(long ticket, InetSocketAddress sender, int bytes, long nowNanos) {
        Optional<Onward> onward = allowed(ticket, sender, bytes, nowNanos);
        if (onward.isPresent()) {
            carriedPackets++;
            carriedBytes += bytes;
        } else {
            droppedPackets++;
        }
        return onward;
    }

    private Optional<Onward> allowed(long ticket, InetSocketAddress sender, int bytes, long nowNanos) {
        Pair pair = byTicket.get(ticket);
        if (pair == null) return Optional.empty();
        boolean isFirst = pair.tickets.first == ticket;
        NodeId owner = isFirst ? pair.first : pair.second;
        if (!whereabouts.apply(owner).equals(Optional.of(sender))) return Optional.empty();
        if (!pair.bucket.has(bytes, nowNanos) || !total.has(bytes, nowNanos)) return Optional.empty();
        Optional<InetSocketAddress> to = whereabouts.apply(isFirst ? pair.second : pair.first);
        if (to.isEmpty()) return Optional.empty();
        pair.bucket.take(bytes);
        total.take(bytes);
        pair.usedNanos = nowNanos;
        return Optional.of(new Onward(to.get(), isFirst ? pair.tickets.second : pair.tickets.first));
    }

    /** Lets go of what nobody uses. Called by the endpoint's clock. */
    void tick(long nowNanos) {
        drop(pair -> nowNanos - pair.usedNanos > IDLE_NANOS);
    }

    void gone(NodeId peer) {
        drop(pair -> pair.has(peer));
    }

    private void drop(java.util.function.Predicate<Pair> over) {
        pairs.removeIf(pair -> {
            if (!over.test(pair)) return false;
            byTicket.remove(pair.tickets.first);
            byTicket.remove(pair.tickets.second);
            return true;
        });
    }

    /** What was done for others so far. */
    public record Carried(int pairs, long packets, long bytes, long droppedPackets) {
        static final Carried NOTHING = new Carried(0, 0, 0, 0);
    }

    Carried carried() {
        return new Carried(pairs.size(), carriedPackets, carriedBytes, droppedPackets);
    }
}
