package mesh.daemon.tunnel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where in the past of a connection data may have stood before: the last few of the same size, the newest first. Owned by
 * the loop of the connection.
 */
final class Candidates {
    /** A graph has about half as many inputs; sizes that were not seen for longest go first. */
    private static final int SIZES_MAX = 32;

    /** What is said twice is said within one batch, among a few others of its size. */
    private static final int EACH_MAX = 8;

    private final Map<Long, Deque<Long>> begins = new LinkedHashMap<>(SIZES_MAX, 0.75f, true);
    private List<Long> older = List.of();

    /** Data of so many bytes begins, and the past ends there. */
    void begin(long bytes, long at) {
        Deque<Long> same = begins.computeIfAbsent(bytes, size -> new ArrayDeque<>());
        older = List.copyOf(same);
        same.addFirst(at);
        if (same.size() > EACH_MAX) same.removeLast();
        if (begins.size() > SIZES_MAX) begins.remove(begins.keySet().iterator().next());
    }

    /** Where older data of that size begins, the newest first. */
    List<Long> begins() {
        return older;
    }
}
