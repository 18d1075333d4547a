package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The last events of every node, for the report of a failure. Bounded ring per node, texts made only when read. One owner. */
final class Trace {
    private static final int EVENTS_MAX = 50;

    private record Line(long atMillis, Object what) {}

    private final List<Line[]> rings = new ArrayList<>();
    private final List<Integer> next = new ArrayList<>();

    void add(int node, long atMillis, Object what) {
        while (rings.size() <= node) {
            rings.add(new Line[EVENTS_MAX]);
            next.add(0);
        }
        int at = next.get(node);
        rings.get(node)[at % EVENTS_MAX] = new Line(atMillis, what);
        next.set(node, at + 1);
    }

    String of(int... nodes) {
        var text = new StringBuilder();
        Arrays.stream(nodes).distinct().filter(node -> node < rings.size()).forEach(node -> {
            text.append("node ").append(node).append('\n');
            for (int back = EVENTS_MAX; back > 0; back--) {
                Line line = rings.get(node)[Math.floorMod(next.get(node) - back, EVENTS_MAX)];
                if (line != null)
                    text.append("  ")
                            .append(line.atMillis)
                            .append(' ')
                            .append(line.what)
                            .append('\n');
            }
        });
        return text.toString();
    }
}
