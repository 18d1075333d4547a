package mesh.core;

import java.util.List;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Member;

/**
 * A node's view at one moment, for any thread to read. Immutable.
 *
 * @param peers everybody alive or suspect but this node, by id
 */
public record Snapshot(NodeId self, Announcement said, List<Member> peers) {
    public Snapshot {
        peers = List.copyOf(peers);
    }
}
