package mesh.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Told;
import mesh.core.wire.Message;

/**
 * A member's side of passive nodes: answers their pulls with the signed words of all that serve, and tells those it
 * heard from lately what changed. All it keeps of a client is when it last asked. Owned by {@link Node}.
 */
final class Followers {
    /** A follower that missed so many pulls is gone. */
    private static final int PULLS_MISSED_MAX = 3;

    private static final int GONE_BYTES = 34;

    private final Tunables tunables;
    private final LinkedHashMap<NodeId, Long> askedAtMillis = new LinkedHashMap<>();
    private Map<NodeId, Announcement> pushed = new TreeMap<>();
    private long nextPushMillis;

    Followers(Tunables tunables) {
        this.tunables = tunables;
    }

    int size() {
        return askedAtMillis.size();
    }

    void lost(NodeId follower) {
        askedAtMillis.remove(follower);
    }

    /** Answers a pull; {@code hosts} are all members with something to serve, with the age of their words. */
    void asked(NodeId from, long theirDigest, Map<NodeId, Told> hosts, long nowMillis, List<Effect> out) {
        if (askedAtMillis.isEmpty()) pushed = words(hosts);
        if (askedAtMillis.size() < tunables.passives().followersMax() || askedAtMillis.containsKey(from))
            askedAtMillis.put(from, nowMillis);
        long digest = RouteWords.digest(words(hosts).values());
        List<List<Told>> pages = digest == theirDigest ? List.of(List.of()) : pages(hosts.values());
        for (int part = 0; part < pages.size(); part++)
            out.add(new Effect.Send(from, new Message.RouteTable(digest, part, pages.size(), pages.get(part))));
    }

    /** Tells followers what changed since the last time. Cheap when there are none. */
    void push(Map<NodeId, Told> hosts, long nowMillis, List<Effect> out) {
        nextPushMillis = nowMillis + tunables.passives().pushMillis();
        long silentMillis = PULLS_MISSED_MAX * tunables.passives().pullMillis();
        askedAtMillis.values().removeIf(asked -> nowMillis - asked > silentMillis);
        var changed = new ArrayList<Told>();
        for (Told told : hosts.values())
            if (!told.rumor().equals(pushed.get(told.rumor().subject()))) changed.add(told);
        var gone = new ArrayList<>(pushed.keySet());
        gone.removeAll(hosts.keySet());
        pushed = words(hosts);
        if (changed.isEmpty() && gone.isEmpty()) return;
        int goneMax = tunables.syncing().pageBytesMax() / GONE_BYTES;
        List<NodeId> told = gone.subList(0, Math.min(goneMax, gone.size()));
        for (List<Told> page : pages(changed)) {
            var news = new Message.RouteNews(page, told);
            for (NodeId follower : askedAtMillis.keySet()) out.add(new Effect.Send(follower, news));
            told = List.of();
        }
    }

    boolean isDue(long nowMillis) {
        return nowMillis >= nextPushMillis && !askedAtMillis.isEmpty();
    }

    /** At least one, so that an empty table is an answer too. */
    private List<List<Told>> pages(Iterable<Told> hosts) {
        var pages = new ArrayList<List<Told>>();
        var page = new ArrayList<Told>();
        int bytes = 0;
        for (Told told : hosts) {
            if (!page.isEmpty()
                    && bytes + told.rumor().bytes() > tunables.syncing().pageBytesMax() / 2) {
                pages.add(List.copyOf(page));
                page.clear();
                bytes = 0;
            }
            page.add(told);
            bytes += told.rumor().bytes();
        }
        pages.add(List.copyOf(page));
        return pages;
    }

    private static Map<NodeId, Announcement> words(Map<NodeId, Told> hosts) {
        var words = new TreeMap<NodeId, Announcement>();
        hosts.forEach((id, told) -> {
            if (told.rumor() instanceof Announcement word) words.put(id, word);
        });
        return words;
    }
}
