package mesh.core.member;

import java.util.List;
import mesh.core.id.NodeId;

/** What members say to each other over one hop. Immutable records; {@code news} is what the message carries along. */
public sealed interface Word {
    /** Are you there? Answered by {@link Ack} with the same nonce. */
    record Ping(long nonce, List<Told> news) implements Word {
        public Ping {
            news = List.copyOf(news);
        }
    }

    /** I am here, or, from a helper: the node you asked about is. */
    record Ack(long nonce, List<Told> news) implements Word {
        public Ack {
            news = List.copyOf(news);
        }
    }

    /** I cannot reach {@code target}; can you? */
    record Help(long nonce, NodeId target, List<Told> news) implements Word {
        public Help {
            news = List.copyOf(news);
        }
    }

    /** I am here, but {@code target} has not answered me either. Its absence tells the asker that it is slow itself. */
    record Nack(long nonce) implements Word {}

    /** Fresh news, passed on at once. */
    record Spread(List<Told> news) implements Word {
        public Spread {
            news = List.copyOf(news);
        }
    }

    /** Summaries of what the sender holds; the receiver answers with the {@link Versions} where it differs. */
    record Compare(Digest digest, List<Told> news) implements Word {
        public Compare {
            news = List.copyOf(news);
        }
    }

    /**
     * All that the sender holds in the named buckets. No buckets: we hold the same.
     *
     * @param buckets into how many buckets the comparison cut the mesh
     */
    record Versions(int buckets, List<Integer> differing, List<Version> held) implements Word {
        public Versions {
            differing = List.copyOf(differing);
            held = List.copyOf(held);
        }
    }

    /** News that a comparison showed missing, and the nodes whose word the sender asks for in turn. */
    record Supply(List<Told> news, List<NodeId> wanted) implements Word {
        public Supply {
            news = List.copyOf(news);
            wanted = List.copyOf(wanted);
        }
    }
}
