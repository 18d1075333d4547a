package mesh.daemon.tunnel;

import java.util.concurrent.atomic.LongAdder;

/** What tunnels of one purpose have carried. Counted on their loop, read from any thread. */
public final class Meter {
    private final LongAdder opened = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private final LongAdder aborted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder toPeer = new LongAdder();
    private final LongAdder fromPeer = new LongAdder();
    private final LongAdder saved = new LongAdder();
    private final LongAdder direct = new LongAdder();
    private final LongAdder missed = new LongAdder();

    /**
     * The counters at one moment.
     *
     * @param open connections carried now
     * @param aborted ended by a reset of either side
     * @param refused TCP connections that found no room or no stream
     * @param savedBytes that the peer had already and that were named instead of sent
     * @param directBytes of these that another worker brought it
     * @param missed payloads that another worker was to bring it and that it had to ask for
     */
    public record Reading(
            long opened,
            long open,
            long aborted,
            long refused,
            long toPeerBytes,
            long fromPeerBytes,
            long savedBytes,
            long directBytes,
            long missed) {}

    public Reading read() {
        long ended = closed.sum();
        long begun = opened.sum();
        return new Reading(
                begun,
                begun - ended,
                aborted.sum(),
                refused.sum(),
                toPeer.sum(),
                fromPeer.sum(),
                saved.sum(),
                direct.sum(),
                missed.sum());
    }

    void opened() {
        opened.increment();
    }

    void closed() {
        closed.increment();
    }

    void aborted() {
        aborted.increment();
    }

    void refused() {
        refused.increment();
    }

    void toPeer(int bytes) {
        toPeer.add(bytes);
    }

    void saved(long bytes) {
        saved.add(bytes);
    }

    void direct(long bytes) {
        direct.add(bytes);
    }

    void missed() {
        missed.increment();
    }

    void fromPeer(int bytes) {
        fromPeer.add(bytes);
    }
}
