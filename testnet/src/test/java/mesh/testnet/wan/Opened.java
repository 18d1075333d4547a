package mesh.testnet.wan;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a test has opened, closed in the opposite order; one that fails does not keep the others open. One thread. */
final class Opened {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    <T extends AutoCloseable> T keep(T opened) {
        open.push(opened);
        return opened;
    }

    void close() throws Exception {
        try {
            while (!open.isEmpty()) open.pop().close();
        } finally {
            if (!open.isEmpty()) close();
        }
    }
}
