package mesh.core.elect;

import java.util.ArrayList;
import java.util.List;

/**
 * One way to split a model, with its price. Immutable.
 *
 * @param obeysRatios whether the shares are the operator's {@code --tensor-split}
 */
record Plan(Member host, List<Member> workers, List<Integer> shares, Prediction prediction, boolean obeysRatios) {
    /** Several near workers replace one that suffices only when they are this much nearer: each is one more to lose. */
    private static final int PREFER_ONE_PERCENT = 125;

    /** Other workers replace those of a running split only when their round trips cost this much less. */
    private static final int RESTART_PERCENT = 200;

    /** A fast model's compute per token: round trips far below it make no difference that is worth a choice. */
    private static final long COMPUTE_MICROS_LEAST = 20_000;

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

    /** The worker to do without first when the whole is too slow; unmeasured ones stay, the farther of equals goes. */
    Member slowest() {
        Member slowest = workers.getLast();
        for (Member worker : workers) if (speed(worker) < speed(slowest)) slowest = worker;
        return slowest;
    }

    private static long speed(Member worker) {
        long measured = worker.profile().bandwidthBytesPerSecond();
        return measured == 0 ? Long.MAX_VALUE : measured;
    }

    /** Whether this plan of more workers is chosen over one of fewer; plans of one size are not compared. */
    boolean isBetterThan(Plan fewer) {
        int percent = fewer.workers.size() == 1 ? PREFER_ONE_PERCENT : 100;
        return fewer.rankMicros() * 100 > rankMicros() * percent;
    }

    /** Whether this running split should end for {@code fresh}: the operator's ratios outrank what runs. */
    boolean isWorthReplacing(Plan fresh) {
        if (obeysRatios || fresh.obeysRatios) return !obeysRatios;
        return rankMicros() * 100 > fresh.rankMicros() * RESTART_PERCENT;
    }

    /**
     * What plans are compared by: round trips only. Compute is measured on some nodes and guessed on others, and a guess
     * must not outrank a measurement; it tells whether a split is worth having, not which.
     */
    private long rankMicros() {
        return COMPUTE_MICROS_LEAST
                + prediction.hopMicros().stream().mapToLong(Long::longValue).sum();
    }
}
