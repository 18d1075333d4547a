package mesh.testnet.sim;

import java.util.HashMap;
import java.util.SplittableRandom;

/**
 * The links between nodes: how long a message takes and whether it arrives. Each direction of a pair is a link of its
 * own. Latency keeps to what {@link Faults} say; clogged links hold messages back, deaf ones and partitions lose them.
 * One owner, the simulation.
 */
public final class VirtualNet {
    /** The message does not arrive. */
    static final long LOST = -1;

    private final Faults faults;
    private final SplittableRandom random;
    private final long seed;
    private final HashMap<Long, Long> cloggedUntil = new HashMap<>();
    private final HashMap<Long, Long> deafUntil = new HashMap<>();
    private int[] side = new int[0];
    private boolean calm;

    VirtualNet(Faults faults, SplittableRandom random) {
        this.faults = faults;
        this.random = random;
        this.seed = random.nextLong();
    }

    /** When a message sent now arrives, or {@link #LOST}. */
    long arrival(int from, int to, long nowMillis) {
        if (sideOf(from) != sideOf(to)) return LOST;
        if (!deafUntil.isEmpty() && deafUntil.getOrDefault(link(from, to), 0L) > nowMillis) return LOST;
        if (!calm && chance(faults.lossPermille())) return LOST;
        long arrival = nowMillis + latency(from, to);
        if (!cloggedUntil.isEmpty()) {
            long until = cloggedUntil.getOrDefault(link(from, to), 0L);
            if (until > nowMillis) arrival += until - nowMillis;
        }
        return arrival;
    }

    boolean duplicates() {
        return !calm && chance(faults.duplicatePermille());
    }

    /** Messages on this link wait until then; their order may change when it opens. */
    public void clog(int from, int to, long untilMillis) {
        cloggedUntil.put(link(from, to), untilMillis);
    }

    /** Nothing from {@code from} reaches {@code to} until then; the other way is not touched. */
    public void deafen(int from, int to, long untilMillis) {
        deafUntil.put(link(from, to), untilMillis);
    }

    /** Nodes on different sides do not reach each other; beyond the array all are on side 0. */
    public void split(int[] sides) {
        side = sides.clone();
    }

    public void heal() {
        side = new int[0];
        cloggedUntil.clear();
        deafUntil.clear();
    }

    /** No more loss or duplication from now on. */
    void calmDown() {
        heal();
        calm = true;
    }

    boolean areApart(int one, int other) {
        return sideOf(one) != sideOf(other);
    }

    private int sideOf(int node) {
        return node < side.length ? side[node] : 0;
    }

    private long latency(int from, int to) {
        int spread = faults.latencyMillisMax() - faults.latencyMillisMin() + 1;
        long usual = (long) faults.latencyMillisMin() + Math.floorMod(HashKeys.mix(seed ^ link(from, to)), spread);
        return usual + (faults.jitterMillis() == 0 ? 0 : random.nextInt(faults.jitterMillis() + 1));
    }

    private boolean chance(int permille) {
        return permille > 0 && random.nextInt(1_000) < permille;
    }

    private static long link(int from, int to) {
        return (long) from << 32 | to;
    }
}
