package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mesh.core.Event;
import mesh.core.id.NodeId;
import mesh.core.member.Word;
import mesh.core.wire.Message;

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
        rings.get(node)[at % EVENTS_MAX] = new Line(atMillis, brief(what));
        next.set(node, at + 1);
    }

    /** Pages of a comparison are long, nobody reads them, and those of all nodes together would not fit into memory. */
    private static Object brief(Object what) {
        if (!(what instanceof Event.Received(NodeId from, Message.Gossip(Word word)))) return what;
        return switch (word) {
            case Word.Versions page -> new Page(from, "versions", page.held().size());
            case Word.Supply page -> new Page(from, "news", page.news().size());
            default -> what;
        };
    }

    private record Page(NodeId from, String of, int size) {}

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
