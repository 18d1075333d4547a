package mesh.core.wire;

import java.util.List;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
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

    /**
     * How two nodes come to hold the same revocations. For whoever keeps a node's trust; the node itself has no part in
     * it.
     */
    sealed interface Revoking extends Message {}

    /**
     * What the sender holds, in one number: the marks of all its revocations by exclusive or. 0 = none. Equal sums need
     * no answer.
     */
    record RevocationSum(long sum) implements Revoking {}

    /** What the sender holds, one by one, because a sum differed. */
    record RevocationMarks(List<Long> held) implements Revoking {
        public RevocationMarks {
            held = List.copyOf(held);
        }
    }

    /**
     * Revocations that the receiver lacks, as far as the sender knows.
     *
     * @param wanted marks of those that the sender lacks
     */
    record Revocations(List<Revocation> told, List<Long> wanted) implements Revoking {
        /** With a whole list of marks beside it this still fits a frame; more travels in pages. */
        public static final int TOLD_BYTES_MAX = 24 * 1024;

        public Revocations {
            told = List.copyOf(told);
            wanted = List.copyOf(wanted);
        }
    }
}
