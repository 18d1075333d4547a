package mesh.daemon.feed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The entities as they were last shown, numbered, and the last changes, so that a reader who was away gets only what it
 * missed. Values are compared by value and must not change once shown. Knows no clock and no reader; its owner is
 * {@link Feed}, under its lock.
 */
final class Board {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String boot;
    private final int deltasMax;
    private final long charsMax;
    private final ArrayDeque<Post> recent = new ArrayDeque<>();
    private SortedMap<String, Object> entities = new TreeMap<>();
    private long recentChars;
    private long version;
    private long atMillis;

    /** One event for readers, ready to be sent. */
    record Post(long version, String id, String data) {}

    /** What brings a reader up to date. */
    sealed interface Catching {
        /** Oldest first; empty for a reader who knows everything. */
        record Up(List<Post> deltas) implements Catching {
            public Up {
                deltas = List.copyOf(deltas);
            }
        }

        /** It knows nothing, too little, or another life of this node. */
        record Anew(Post state) implements Catching {}
    }

    /**
     * @param boot tells this life of the node from its others, whose numbers mean something else
     * @param deltasMax how many changes are kept
     * @param charsMax how long all of these may be together
     */
    Board(String boot, int deltasMax, long charsMax) {
        this.boot = boot;
        this.deltasMax = deltasMax;
        this.charsMax = charsMax;
    }

    /** Takes over what there is now; false when nothing differs from the last time. */
    boolean show(SortedMap<String, Object> now, long nowMillis) {
        Map<String, @Nullable Object> changed = difference(entities, now);
        if (changed.isEmpty() && version > 0) return false;
        entities = new TreeMap<>(now);
        version++;
        atMillis = nowMillis;
        keep(new Post(version, id(), json(changed)));
        return true;
    }

    /** Changed entities whole, gone ones as null. */
    static Map<String, @Nullable Object> difference(SortedMap<String, Object> before, SortedMap<String, Object> after) {
        var changed = new TreeMap<String, @Nullable Object>();
        for (String key : before.keySet()) if (!after.containsKey(key)) changed.put(key, null);
        after.forEach((key, value) -> {
            if (!value.equals(before.get(key))) changed.put(key, value);
        });
        return changed;
    }

    /** {@code known} is the id of the last event a reader saw, or anything else. */
    Catching after(String known) {
        String mine = boot + "-";
        if (known.startsWith(mine) && known.substring(mine.length()).matches("\\d{1,18}")) {
            long seen = Long.parseLong(known.substring(mine.length()));
            boolean isKept =
                    seen == version || (!recent.isEmpty() && recent.getFirst().version() <= seen + 1);
            if (seen <= version && isKept) return new Catching.Up(later(seen));
        }
        return new Catching.Anew(state());
    }

    private List<Post> later(long seen) {
        var later = new ArrayList<Post>();
        for (Post post : recent) if (post.version() > seen) later.add(post);
        return later;
    }

    Post state() {
        return new Post(version, id(), json(entities));
    }

    private String id() {
        return boot + "-" + version;
    }

    private void keep(Post post) {
        recent.addLast(post);
        recentChars += post.data().length();
        while (recent.size() > deltasMax || recentChars > charsMax)
            recentChars -= recent.removeFirst().data().length();
    }

    private String json(Map<String, ? extends @Nullable Object> some) {
        var document = new TreeMap<String, Object>();
        document.put("version", version);
        document.put("atMillis", atMillis);
        document.put("entities", some);
        try {
            return JSON.writeValueAsString(document);
        } catch (JsonProcessingException ours) {
            throw new IllegalStateException("an entity cannot be written as JSON", ours);
        }
    }
}
