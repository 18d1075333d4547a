package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * What is to happen, by time and then by the order of asking. The near future is a ring of milliseconds, because almost
 * everything happens within seconds; the rest waits in a heap. One owner.
 */
final class Timeline<T> {
    private static final int WINDOW_MILLIS = 1 << 12;

    private record Later<T>(long atMillis, long order, T what) {}

    private final List<List<T>> ring = new ArrayList<>(WINDOW_MILLIS);
    private final PriorityQueue<Later<T>> later = new PriorityQueue<>(
            Comparator.comparingLong((Later<T> l) -> l.atMillis).thenComparingLong(l -> l.order));
    private long nowMillis;
    private int taken;
    private long order;

    Timeline() {
        for (int at = 0; at < WINDOW_MILLIS; at++) ring.add(new ArrayList<>(0));
    }

    long nowMillis() {
        return nowMillis;
    }

    void at(long atMillis, T what) {
        long when = Math.max(atMillis, nowMillis);
        if (when < nowMillis + WINDOW_MILLIS) {
            slot(when).add(what);
        } else later.add(new Later<>(when, order++, what));
    }

    /** The next thing until {@code endMillis}, moving the clock to it; null, and the clock at the end, if none is. */
    @Nullable
    T next(long endMillis) {
        while (true) {
            List<T> due = slot(nowMillis);
            if (taken < due.size()) {
                return due.get(taken++);
            }
            due.clear();
            taken = 0;
            if (nowMillis >= endMillis) return null;
            nowMillis++;
            while (!later.isEmpty() && later.peek().atMillis < nowMillis + WINDOW_MILLIS) {
                Later<T> near = later.remove();
                slot(near.atMillis).add(near.what);
            }
        }
    }

    private List<T> slot(long atMillis) {
        return ring.get((int) (atMillis % WINDOW_MILLIS));
    }
}
