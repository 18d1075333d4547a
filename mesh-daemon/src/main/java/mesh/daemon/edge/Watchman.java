package mesh.daemon.edge;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks at every relayed exchange of one event loop a few times a second: one timer for all, since a timer per exchange
 * would cost a system call each. Owned by that loop.
 */
final class Watchman {
    /** Queue positions are shown this often; all other deadlines are seconds. */
    private static final long LOOK_MILLIS = 250;

    private final EventLoop loop;
    private final Set<Forwarder> watched = new LinkedHashSet<>();
    private boolean isDue;

    Watchman(EventLoop loop) {
        this.loop = loop;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // The loop's end ends all it watches.
    void watch(Forwarder forwarder) {
        watched.add(forwarder);
        if (isDue) return;
        isDue = true;
        loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    void forget(Forwarder forwarder) {
        watched.remove(forwarder);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // As above.
    private void look() {
        long now = System.nanoTime();
        for (Forwarder each : new ArrayList<>(watched)) each.look(now);
        isDue = !watched.isEmpty();
        if (isDue) loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
}
