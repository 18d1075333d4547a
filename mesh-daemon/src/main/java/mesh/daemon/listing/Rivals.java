package mesh.daemon.listing;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.NodeId;

/**
 * Who else lists this mesh, as relays show it: so that one member publishes, and another one takes over when that one is
 * gone. Written by relays' threads, read by the publisher's.
 */
final class Rivals {
    private final Map<NodeId, Rival> rivals = new HashMap<>();

    private record Rival(String author, long createdAt, long expiration) {}

    synchronized void heard(Found found) {
        var event = found.event();
        NodeId node = found.candidate().listing().entry().node();
        Rival held = rivals.get(node);
        if (held == null || held.createdAt < event.createdAt())
            rivals.put(
                    node,
                    new Rival(
                            event.author(),
                            event.createdAt(),
                            event.expiration().orElseThrow()));
    }

    synchronized void delisted(String author, long createdAt) {
        rivals.values().removeIf(rival -> rival.author.equals(author) && rival.createdAt <= createdAt);
    }

    /** The lowest of the live members that list the mesh now. */
    synchronized Optional<NodeId> lowest(Set<NodeId> live, long nowSeconds) {
        rivals.values().removeIf(rival -> rival.expiration <= nowSeconds);
        return rivals.keySet().stream().filter(live::contains).min(NodeId::compareTo);
    }
}
