package mesh.core.elect;

import java.util.List;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * An election with its whole arithmetic, as data for {@code mesh explain}, the console and the log. Immutable.
 *
 * @param reason the outcome in one code
 * @param need as the host sees it, or the node with most memory among those that hold the file
 * @param forcedBy who said {@code --split}
 * @param haveBytes what the host could gather, itself included
 * @param prediction of the split that was chosen or refused; empty when there was none to weigh
 * @param keepsRunning whether a running split was kept although a fresh election might have cut it otherwise
 * @param obeysRatios whether the shares are the operator's {@code --tensor-split}; false also when too few workers came
 * @param considered every node that was looked at, by id, those assigned to the model first
 */
public record Explanation(
        ModelRef model,
        Outcome outcome,
        Reason reason,
        Need need,
        List<NodeId> forcedBy,
        long haveBytes,
        SplitLimits limits,
        Optional<Prediction> prediction,
        boolean keepsRunning,
        boolean obeysRatios,
        List<Considered> considered) {
    public Explanation {
        forcedBy = List.copyOf(forcedBy);
        considered = List.copyOf(considered);
    }

    /** What became of a node. */
    public enum Verdict {
        SOLO,
        HOST,
        WORKER,
        PASSED_OVER
    }

    /**
     * One node as the election saw it.
     *
     * @param needBytes by its own file; 0 = it holds none
     * @param share units it would hold in the chosen or refused split; 0 = none
     * @param rttMillis to the host; -1 = not known
     * @param milliTokensPerSecond predicted when alone; 0 = speed not measured
     */
    public record Considered(
            NodeId node,
            String name,
            Verdict verdict,
            Reason reason,
            long budgetBytes,
            long needBytes,
            int share,
            long shareBytes,
            int rttMillis,
            long bandwidthBytesPerSecond,
            long milliTokensPerSecond) {}
}
