package mesh.daemon.edge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Answers of two small events, one after the other over one connection. A caller that has just asked puts off its
 * acknowledgement of the first event for 40 ms, and wherever Nagle's algorithm is left on the second waits for that.
 */
final class SmallWrites {
    /** Far more than two events take, far less than that wait. */
    static final long MILLIS_MAX = 20;

    private static final int ROUNDS = 51;

    private SmallWrites() {}

    static MockEngine engine() throws IOException {
        return new MockEngine(call -> {
            call.startEvents();
            call.event("one");
            // So that they do not leave together.
            LockSupport.parkNanos(2_000_000);
            call.event("two");
            call.endEvents();
        });
    }

    /** How long the answer in the middle took. */
    static long medianMillis(int port) throws IOException {
        List<Long> nanos = new ArrayList<>();
        try (var wire = new Wire(port)) {
            for (int i = 0; i < ROUNDS; i++) {
                long start = System.nanoTime();
                wire.send(Wire.post(TestPort.CHAT, "{}")).response();
                nanos.add(System.nanoTime() - start);
            }
        }
        Collections.sort(nanos);
        return nanos.get(ROUNDS / 2) / 1_000_000;
    }
}
