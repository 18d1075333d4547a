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
    private static final long PROMPT_NANOS = 20_000_000;

    /** So many in a row, half of them prompt: on a busy machine that takes a while, with the wait it never comes. */
    private static final int ROUNDS = 15;

    private static final long PATIENCE_NANOS = 30_000_000_000L;

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

    /** Whether most answers of some stretch were prompt. A fresh connection is acknowledged at once, and so not asked. */
    static boolean arePrompt(int port) throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        try (var wire = new Wire(port)) {
            medianNanos(wire);
            while (System.nanoTime() < deadline) if (medianNanos(wire) < PROMPT_NANOS) return true;
        }
        return false;
    }

    private static long medianNanos(Wire wire) throws IOException {
        List<Long> nanos = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            long start = System.nanoTime();
            wire.send(Wire.post(TestPort.CHAT, "{}")).response();
            nanos.add(System.nanoTime() - start);
        }
        Collections.sort(nanos);
        return nanos.get(ROUNDS / 2);
    }
}
