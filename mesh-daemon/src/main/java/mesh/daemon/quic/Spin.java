package mesh.daemon.quic;

import io.netty.channel.SelectStrategy;
import io.netty.channel.SelectStrategyFactory;

/**
 * Lets a loop poll for a short while after traffic before it sleeps in the kernel: small round trips halve, an idle
 * loop costs nothing. Off unless switched on, for it wants a core of its own. Owned by one loop; the switch may be thrown by any thread.
 */
final class Spin implements SelectStrategyFactory {
    private volatile long spinNanos;
    private long touchedNanos = System.nanoTime();

    Spin(long micros) {
        spin(micros);
    }

    void spin(long micros) {
        spinNanos = micros * 1_000;
    }

    void touched() {
        if (spinNanos > 0) touchedNanos = System.nanoTime();
    }

    @Override
    public SelectStrategy newSelectStrategy() {
        return (select, hasTasks) -> {
            if (hasTasks) return select.get();
            boolean busy = spinNanos > 0 && System.nanoTime() - touchedNanos < spinNanos;
            return busy ? SelectStrategy.BUSY_WAIT : SelectStrategy.SELECT;
        };
    }
}
