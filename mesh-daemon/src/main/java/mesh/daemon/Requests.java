package mesh.daemon;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import mesh.daemon.edge.Served;

/** Counts what the API port answered since the start. Written on event loops, read anywhere. */
final class Requests {
    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder left = new LongAdder();

    /** A caller's own mistake counts as answered: it was. */
    void served(Served exchange) {
        switch (exchange.ending()) {
            case CLIENT_GONE -> left.increment();
            case CUT -> failed.increment();
            case WHOLE -> (exchange.status() < 500 ? answered : failed).increment();
        }
    }

    Map<String, Long> counts() {
        var counts = new LinkedHashMap<String, Long>();
        counts.put("answered", answered.sum());
        counts.put("failed", failed.sum());
        counts.put("left", left.sum());
        return counts;
    }
}
