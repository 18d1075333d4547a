package mesh.core.elect;

import java.util.ArrayList;
import java.util.List;

/**
 * One way to split a model, with its price. Immutable.
 *
 * @param obeysRatios whether the shares are the operator's {@code --tensor-split}
 */
record Plan(Member host, List<Member> workers, List<Integer> shares, Prediction prediction, boolean obeysRatios) {
    /** Several near workers replace one that suffices only when they are this much faster: each is one more to lose. */
    private static final int PREFER_ONE_PERCENT = 125;

    Plan {
        workers = List.copyOf(workers);
        shares = List.copyOf(shares);
    }

    Outcome.Split outcome(List<Member> soloists) {
        var alone = new ArrayList<>(soloists.stream().map(Member::id).sorted().toList());
        var workerIds = workers.stream().map(Member::id).toList();
        alone.remove(host.id());
        alone.removeAll(workerIds);
        return new Outcome.Split(host.id(), workerIds, shares, alone);
    }

    /** Whether this plan is chosen over {@code other}; on a tie the one with fewer workers, then the one asked. */
    boolean isBetterThan(Plan other) {
        if (isOne() != other.isOne()) return isOne() ? isNearly(other) : !other.isNearly(this);
        if (tokenMicros() != other.tokenMicros()) return tokenMicros() < other.tokenMicros();
        return workers.size() <= other.workers.size();
    }

    private boolean isOne() {
        return workers.size() == 1;
    }

    private boolean isNearly(Plan several) {
        return tokenMicros() * 100 <= several.tokenMicros() * PREFER_ONE_PERCENT;
    }

    long tokenMicros() {
        return prediction.tokenMicros();
    }
}
