package mesh.daemon.quic;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;
import mesh.core.id.NodeId;

/**
 * The ways to peers through other nodes. To QUIC each is an address like any other, made of the ticket that the other
 * node gave for it and taken from the block whose packets every router discards; {@link Router} swaps it for the carrying
 * node's. Owned by the endpoint's loop.
 */
final class Detours {
    /** First byte of a carried packet; its ticket and a QUIC packet follow. */
    static final byte CARRIED = 0x12;

    static final int HEAD_BYTES = 1 + Long.BYTES;

    /** The discard-only block 100::/64 of RFC 6666. */
    private static final long DISCARD = 0x0100L << 48;

    /** The discard service's; any would do. */
    private static final int PORT = 9;

    /** More peers than one node talks to through others; the oldest ways make room. */
    private static final int DETOURS_MAX = 1_024;

    private final LongObjectMap<Detour> open = new LongObjectHashMap<>();

    /** One way: whom it goes through, and to whom it leads. */
    private record Detour(NodeId through, NodeId to, long openedNanos) {}

    static InetSocketAddress address(long ticket) {
        byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(DISCARD)
                .putLong(ticket)
                .array();
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), PORT);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static boolean isDetour(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) return false;
        byte[] bytes = inet.getAddress().getAddress();
        return bytes.length == 2 * Long.BYTES && ByteBuffer.wrap(bytes).getLong() == DISCARD;
    }

    static long ticket(InetSocketAddress detour) {
        return ByteBuffer.wrap(detour.getAddress().getAddress()).getLong(Long.BYTES);
    }

    /** Takes a ticket up; false when another node has given the same one. */
    boolean open(long ticket, NodeId through, NodeId to) {
        Detour known = open.get(ticket);
        if (known != null && !(known.through.equals(through) && known.to.equals(to))) return false;
        if (known == null && open.size() == DETOURS_MAX) dropOldest();
        open.put(ticket, new Detour(through, to, System.nanoTime()));
        return true;
    }

    private void dropOldest() {
        long oldest = open.keySet().iterator().next();
        for (var each : open.entries())
            if (each.value().openedNanos - open.get(oldest).openedNanos < 0) oldest = each.key();
        open.remove(oldest);
    }

    boolean knows(long ticket) {
        return open.containsKey(ticket);
    }

    /** Who carries packets to this address. */
    Optional<NodeId> through(InetSocketAddress detour) {
        return Optional.ofNullable(open.get(ticket(detour))).map(Detour::through);
    }
}
