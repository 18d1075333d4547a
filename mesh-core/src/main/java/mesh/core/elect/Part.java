package mesh.core.elect;

import java.util.List;
import mesh.core.id.NodeId;

/**
 * What an outcome asks of one node. Compare parts, not outcomes, to decide whether anything must start or stop here:
 * another replica elsewhere changes the outcome and leaves this node's part as it was.
 */
public sealed interface Part {
    /** Run the whole model. */
    record Alone() implements Part {}

    /** Run llama-server over {@code workers}; {@code shares} are this node's and then theirs. */
    record Host(List<NodeId> workers, List<Integer> shares) implements Part {
        public Host {
            workers = List.copyOf(workers);
            shares = List.copyOf(shares);
        }
    }

    /** Lend memory to {@code host} through an rpc-server. */
    record Lend(NodeId host) implements Part {}

    /** Run nothing for this model. */
    record Idle(Reason reason) implements Part {}
}
