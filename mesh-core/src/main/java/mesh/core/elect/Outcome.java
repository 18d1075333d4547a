package mesh.core.elect;

import java.util.List;
import mesh.core.id.NodeId;

/** What an election decided for one model: equal on every node whose view is equal. Immutable, compared by value. */
public sealed interface Outcome {
    /** What it asks of {@code node}. */
    Part part(NodeId node);

    /** Each host runs the whole model; in order of id. */
    record Solo(List<NodeId> hosts) implements Outcome {
        public Solo {
            hosts = List.copyOf(hosts);
        }

        @Override
        public Part part(NodeId node) {
            return hosts.contains(node) ? new Part.Alone() : new Part.Idle(Reason.NOT_NEEDED);
        }
    }

    /**
     * One host runs the model over its workers' memory.
     *
     * @param workers nearest first
     * @param shares the host's and then the workers' parts of layers + 1; all at least 1, for llama.cpp's {@code -ts}
     * @param alone nodes that run the whole model beside the split: it was forced, or they are to replace it once ready
     */
    record Split(NodeId host, List<NodeId> workers, List<Integer> shares, List<NodeId> alone) implements Outcome {
        public Split {
            workers = List.copyOf(workers);
            shares = List.copyOf(shares);
            alone = List.copyOf(alone);
        }

        @Override
        public Part part(NodeId node) {
            if (node.equals(host)) return new Part.Host(workers, shares);
            if (workers.contains(node)) return new Part.Lend(host);
            return alone.contains(node) ? new Part.Alone() : new Part.Idle(Reason.NOT_NEEDED);
        }
    }

    /** Nothing runs until the mesh changes; {@code haveBytes} is the best that a host could gather. */
    record Waiting(long needBytes, long haveBytes, Reason reason) implements Outcome {
        @Override
        public Part part(NodeId node) {
            return new Part.Idle(reason);
        }
    }

    /** It could run, and is not worth it, or nobody is there to run it. */
    record Refused(Reason reason) implements Outcome {
        @Override
        public Part part(NodeId node) {
            return new Part.Idle(reason);
        }
    }
}
