package mesh.daemon.edge;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The queue before one model's engine: as many requests pass as it has slots, the rest wait, callers in turn, so that one
 * with a hundred requests does not stand before one with a single one. Bounded: a queue that is full refuses. Methods may
 * be called from any event loop; the lock guards the queue for about a microsecond, where an owner thread would cost each
 * request two hops.
 */
public final class Turnstile {
    /** What an answering peer says of a request that waits, and of one that waited. */
    static final String POSITION_HEADER = "x-mesh-queue-position";

    static final String ESTIMATE_HEADER = "x-mesh-queue-estimate-ms";
    static final String QUEUED_HEADER = "x-mesh-queued-ms";

    /** As deep as routing lets a host's queue grow: deeper ones only hide that the mesh is too small. */
    private static final int WAITING_PER_SLOT_MAX = 8;

    /** One new duration weighs this little, so that the estimate does not jump. */
    private static final int SMOOTHING = 8;

    private final int slots;
    private final int waitingMax;
    private final Map<String, ArrayDeque<Ticket>> waiting = new LinkedHashMap<>();
    private int passing;
    private int waitingCount;
    private long answerNanos;

    public Turnstile(int slots) {
        this.slots = slots;
        this.waitingMax = slots * WAITING_PER_SLOT_MAX;
    }

    /** Where a request stands: 1 is next. */
    public record Place(int position, long estimateMillis) {}

    /** One request's place. Left exactly once, whatever becomes of it; leaving again does nothing. */
    final class Ticket {
        private final String caller;
        private final Runnable admitted;
        private final long enteredNanos = System.nanoTime();
        private long passedNanos;
        private boolean isPassing;
        private boolean isGone;

        private Ticket(String caller, Runnable admitted) {
            this.caller = caller;
            this.admitted = admitted;
        }

        /** How long it waited; only once it was admitted. */
        long queuedNanos() {
            return passedNanos - enteredNanos;
        }

        /** Where it stands; null once it passes. */
        @Nullable
        Place place() {
            return Turnstile.this.place(this);
        }

        void leave() {
            Turnstile.this.leave(this);
        }
    }

    /**
     * Lets a request in, or refuses it with null. {@code admitted} is called once: before this returns, or when another
     * leaves, on that one's thread.
     */
    @Nullable
    Ticket enter(String caller, Runnable admitted) {
        var ticket = new Ticket(caller, admitted);
        synchronized (this) {
            if (passing >= slots) {
                if (waitingCount >= waitingMax) return null;
                waiting.computeIfAbsent(caller, fresh -> new ArrayDeque<>()).add(ticket);
                waitingCount++;
                return ticket;
            }
            pass(ticket);
        }
        admitted.run();
        return ticket;
    }

    /** Requests at the engine and before it. */
    public synchronized int outstanding() {
        return passing + waitingCount;
    }

    public synchronized int waiting() {
        return waitingCount;
    }

    /** When a refused caller may try again. */
    synchronized long retryMillis() {
        return Math.max(1_000, estimateMillis(waitingCount + 1));
    }

    private void pass(Ticket ticket) {
        passing++;
        ticket.isPassing = true;
        ticket.passedNanos = System.nanoTime();
    }

    private void leave(Ticket ticket) {
        Ticket next;
        synchronized (this) {
            if (ticket.isGone) return;
            ticket.isGone = true;
            if (!ticket.isPassing) {
                ArrayDeque<Ticket> own = waiting.get(ticket.caller);
                if (own != null && own.remove(ticket)) {
                    waitingCount--;
                    if (own.isEmpty()) waiting.remove(ticket.caller);
                }
                return;
            }
            passing--;
            long took = System.nanoTime() - ticket.passedNanos;
            answerNanos = answerNanos == 0 ? took : answerNanos + (took - answerNanos) / SMOOTHING;
            next = next();
            if (next == null) return;
            pass(next);
        }
        next.admitted.run();
    }

    /** The first of the caller whose turn it is, who then stands behind the other callers. */
    private @Nullable Ticket next() {
        if (waiting.isEmpty()) return null;
        var turn = waiting.entrySet().iterator().next();
        ArrayDeque<Ticket> own = turn.getValue();
        Ticket first = own.poll();
        waiting.remove(turn.getKey());
        if (!own.isEmpty()) waiting.put(turn.getKey(), own);
        waitingCount--;
        return first;
    }

    private synchronized @Nullable Place place(Ticket ticket) {
        if (ticket.isPassing || ticket.isGone) return null;
        ArrayDeque<Ticket> own = waiting.get(ticket.caller);
        if (own == null) return null;
        int round = 0;
        for (Ticket each : own) {
            if (each == ticket) break;
            round++;
        }
        int position = round + 1;
        boolean isBefore = true;
        for (var caller : waiting.entrySet()) {
            if (caller.getKey().equals(ticket.caller)) isBefore = false;
            else position += Math.min(caller.getValue().size(), isBefore ? round + 1 : round);
        }
        return new Place(position, estimateMillis(position));
    }

    private long estimateMillis(int position) {
        return answerNanos / 1_000_000 * position / slots;
    }
}
