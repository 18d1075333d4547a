package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.NodeId;

/**
 * What other workers have brought a worker of one lease before its host spoke of it: bounded, and dropped from the oldest
 * on, since whatever is missing the host brings. Nothing is taken that the host did not announce. Owned by the loop.
 */
final class Intake {
    /** Four batches' activations of a large model. */
    static final int BYTES_MAX = 32 << 20;

    /** A lease has one connection that computes; the rest are started and ended before it. */
    private static final int PAIRS_MAX = 16;

    private final Map<Long, Shelf> shelves = new HashMap<>();
    private long heldBytes;

    /** A new place for what this node brings; empty when there are too many, or the number is in use. */
    Optional<Shelf> expect(HandNote.Expect from, NodeId host, Runnable arrived) {
        if (shelves.size() == PAIRS_MAX || shelves.containsKey(from.pair())) return Optional.empty();
        var shelf = new Shelf(from, host, arrived);
        shelves.put(from.pair(), shelf);
        return Optional.of(shelf);
    }

    /** Where this node may put payloads of the pair; empty when nobody expects them of it. */
    Optional<Shelf> of(long pair, NodeId bringer) {
        return Optional.ofNullable(shelves.get(pair))
                .filter(shelf -> bringer.equals(shelf.from) || bringer.equals(shelf.host));
    }

    long heldBytes() {
        return heldBytes;
    }

    /** One payload, whole or on its way here. */
    private static final class Payload {
        final ByteBuf bytes;
        final int size;
        final boolean isHosts;

        Payload(int size, boolean isHosts) {
            this.bytes = ByteBufAllocator.DEFAULT.directBuffer(size, size);
            this.size = size;
            this.isHosts = isHosts;
        }
    }

    /** The payloads of one pair, by their number. */
    final class Shelf {
        private final NodeId from;
        private final NodeId host;
        private final long pair;
        private final Runnable arrived;
        private final Map<Integer, Payload> payloads = new LinkedHashMap<>();
        private final Set<Integer> used = new HashSet<>();
        private int usedMax;

        /** How to end the stream of each bringer. */
        private final Map<NodeId, Runnable> streams = new HashMap<>();

        private boolean isClosed;

        private Shelf(HandNote.Expect from, NodeId host, Runnable arrived) {
            this.from = from.from();
            this.host = host;
            this.pair = from.pair();
            this.arrived = arrived;
        }

        // What is brought.

        /** Begins a payload; false when it will not be kept. */
        boolean begin(NodeId bringer, int number, int size) {
            boolean isHosts = bringer.equals(host);
            Payload before = payloads.get(number);
            boolean isOver = used.contains(number) || number <= usedMax - Handover.WINDOW;
            if (isClosed || isOver || (before != null && (before.isHosts || !isHosts))) return false;
            if (before != null) drop(number);
            while (heldBytes + size > BYTES_MAX && !payloads.isEmpty())
                drop(payloads.keySet().iterator().next());
            if (heldBytes + size > BYTES_MAX) return false;
            heldBytes += size;
            payloads.put(number, new Payload(size, isHosts));
            return true;
        }

        /** More of it; it stays the caller's. False when it is no longer wanted. */
        boolean add(NodeId bringer, int number, ByteBuf piece) {
            Payload payload = payloads.get(number);
            if (payload == null || payload.isHosts != bringer.equals(host)) return false;
            payload.bytes.writeBytes(piece, piece.readerIndex(), piece.readableBytes());
            arrived.run();
            return true;
        }

        /** A stream of this bringer begins and ends the one before it; {@code end} is told when no more is taken. */
        void opened(NodeId bringer, Runnable end) {
            Runnable before = streams.put(bringer, end);
            if (before != null) before.run();
        }

        // What is used.

        /** How much of a payload is here; 0 for none. */
        int hereBytes(int number) {
            Payload payload = payloads.get(number);
            return payload == null ? 0 : payload.bytes.writerIndex();
        }

        /** A part of a payload, once it is here; the caller's. */
        Optional<ByteBuf> piece(int number, int offset, int count) {
            Payload payload = payloads.get(number);
            if (payload == null || payload.bytes.writerIndex() - offset < count) return Optional.empty();
            return Optional.of(payload.bytes.retainedSlice(offset, count));
        }

        boolean isWhole(int number, int end) {
            Payload payload = payloads.get(number);
            return payload != null && payload.size == end;
        }

        /** Nobody will ask for it again, nor for what is far behind it. */
        void done(int number) {
            used.add(number);
            usedMax = Math.max(usedMax, number);
            int oldest = usedMax - Handover.WINDOW;
            used.removeIf(each -> each <= oldest);
            payloads.keySet().stream()
                    .filter(each -> each == number || each <= oldest)
                    .toList()
                    .forEach(this::drop);
        }

        /** Makes room for it to be brought again. */
        void drop(int number) {
            Payload payload = payloads.remove(number);
            if (payload == null) return;
            heldBytes -= payload.size;
            payload.bytes.release();
        }

        void close() {
            isClosed = true;
            shelves.remove(pair);
            for (int number : payloads.keySet().toArray(Integer[]::new)) drop(number);
            streams.values().forEach(Runnable::run);
        }
    }
}
