package mesh.core.wire;

import java.util.List;
import mesh.core.id.NodeId;
import mesh.core.member.Told;
import mesh.core.member.Word;

/** Everything two nodes say to each other as messages. Immutable records. */
public sealed interface Message {
    /** Members among themselves. */
    record Gossip(Word word) implements Message {}

    /**
     * A passive node asks for the routing table.
     *
     * @param digest of the table it holds; 0 = none
     */
    record RouteRequest(long digest) implements Message {}

    /**
     * The routing table, or one part of it: the signed words of all that serve, addresses inside, so that the one who
     * hands it on can forge nothing. A table equal to the asker's comes as one part without hosts.
     */
    record RouteTable(long digest, int part, int parts, List<Told> hosts) implements Message {
        public RouteTable {
            hosts = List.copyOf(hosts);
        }
    }

    /** What changed since the last table or news: newer words, and who serves no more. */
    record RouteNews(List<Told> changed, List<NodeId> gone) implements Message {
        public RouteNews {
            changed = List.copyOf(changed);
            gone = List.copyOf(gone);
        }
    }
}
