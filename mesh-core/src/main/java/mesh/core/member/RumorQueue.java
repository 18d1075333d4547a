package mesh.core.member;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import mesh.core.id.NodeId;

/**
 * News waiting to be passed on: fewest-sent first, of these the newest. One rumour of a kind per subject, the newest
 * wins. Of more than {@link #WAITING_MAX} those that were sent most and waited longest are dropped. One owner.
 */
final class RumorQueue {
    /** At a full message each round the last of so many takes half a minute; comparing tables brings it sooner. */
    static final int WAITING_MAX = 1_024;

    /** So many rumours too large for the rest of a message are passed over for smaller ones behind them. */
    private static final int SKIPS_MAX = 4;

    /** A node's own word and what is said about its life live side by side. */
    private record Key(NodeId subject, boolean isOwnWord) {
        static Key of(Rumor rumor) {
            return new Key(rumor.subject(), rumor instanceof Announcement);
        }
    }

    private final List<LinkedHashMap<Key, Rumor>> bySent = new ArrayList<>();
    private final HashMap<Key, Integer> sent = new HashMap<>();

    boolean isEmpty() {
        return sent.isEmpty();
    }

    int size() {
        return sent.size();
    }

    /** Replaces what was waiting about the same subject; the caller knows that it is newer. */
    void add(Rumor rumor) {
        var key = Key.of(rumor);
        remove(key);
        put(key, rumor, 0);
        if (size() > WAITING_MAX) dropTheStalest();
    }

    /** Forgets doubts about {@code subject}: it answered them. */
    void dropDoubts(NodeId subject) {
        remove(new Key(subject, false));
    }

    void dropWord(NodeId subject) {
        remove(new Key(subject, true));
    }

    /** Somebody told us what we were going to tell: as good as having told it, which spares the mesh the repetition. */
    void heardAgain(Rumor rumor) {
        var key = Key.of(rumor);
        Integer at = sent.get(key);
        if (at == null || !rumor.equals(bySent.get(at).get(key))) return;
        remove(key);
        put(key, rumor, at + 1);
    }

    /** Takes rumours for one message of {@code bytesMax}; each is forgotten after {@code repeats} messages. */
    void take(int bytesMax, int repeats, List<Rumor> into) {
        int room = bytesMax;
        int skips = 0;
        var kept = new ArrayList<Kept>();
        for (int level = 0; level < bySent.size() && skips < SKIPS_MAX && room > 0; level++) {
            var waiting = bySent.get(level);
            while (!waiting.isEmpty() && skips < SKIPS_MAX && room > 0) {
                var newest = waiting.pollLastEntry();
                sent.remove(newest.getKey());
                if (level >= repeats) continue;
                Rumor rumor = newest.getValue();
                // A rumour larger than any message travels alone rather than never.
                boolean fits = rumor.bytes() <= room || into.isEmpty();
                kept.add(new Kept(newest.getKey(), rumor, fits ? level + 1 : level));
                if (fits) {
                    into.add(rumor);
                    room -= rumor.bytes();
                } else skips++;
            }
        }
        // Backwards, so that the newest of a level stands last again.
        for (int at = kept.size() - 1; at >= 0; at--) put(kept.get(at).key, kept.get(at).rumor, kept.get(at).level);
    }

    private record Kept(Key key, Rumor rumor, int level) {}

    private void put(Key key, Rumor rumor, int level) {
        while (bySent.size() <= level) bySent.add(new LinkedHashMap<>());
        bySent.get(level).put(key, rumor);
        sent.put(key, level);
    }

    private void dropTheStalest() {
        int level = bySent.size() - 1;
        while (bySent.get(level).isEmpty()) level--;
        sent.remove(bySent.get(level).pollFirstEntry().getKey());
    }

    private void remove(Key key) {
        Integer level = sent.remove(key);
        if (level != null) bySent.get(level).remove(key);
    }
}
