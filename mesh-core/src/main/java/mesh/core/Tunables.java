package mesh.core;

import mesh.core.elect.SplitLimits;

/**
 * Every number the membership runs on, each with its derivation, in two presets. Times are in milliseconds. Immutable.
 *
 * @param tickMillis how often the owner of a node steps it with a tick when nothing else happens
 */
public record Tunables(
        long tickMillis,
        Probing probing,
        Doubting doubting,
        Gossiping gossiping,
        Syncing syncing,
        Passives passives,
        Deciding deciding) {

    /** Ten wake-ups a second cost nothing and bound what waiting for a tick adds to any answer. */
    private static final long TICK_MILLIS = 100;

    /**
     * How members look after each other.
     *
     * @param intervalMillis one member is probed each interval
     * @param directMillis how long an answer may take before others are asked to help
     * @param indirectMillis how long their answers may take: a helper's own wait, two ticks and two hops
     * @param helpers how many are asked: three lost links in a row out of four are rarer than a death
     * @param slownessMax a node that misses its own deadlines stretches them up to so many times more
     */
    public record Probing(long intervalMillis, long directMillis, long indirectMillis, int helpers, int slownessMax) {}

    /**
     * From the first doubt to the verdict.
     *
     * @param floorMillis the shortest wait, in a mesh of ten; scaled by log10 of the mesh's size
     * @param ceilingFactor so many times longer while nobody else confirms
     * @param confirmations independent accusers that shorten the wait to its floor
     * @param opinions how many of those who hear a doubt look for themselves at once
     */
    public record Doubting(long floorMillis, int ceilingFactor, int confirmations, int opinions) {}

    /**
     * How news travels.
     *
     * @param fanout members told at a time
     * @param gapMillis the least time between two rounds; the first news after a quiet while goes at once
     * @param repeatsPerLog each rumour is passed on so many times log2 of the mesh's size
     * @param pingBytesMax what a probe may carry along: with headers it stays one datagram
     * @param spreadBytesMax what a round may carry; large only when much is new
     */
    public record Gossiping(int fanout, long gapMillis, int repeatsPerLog, int pingBytesMax, int spreadBytesMax) {}

    /**
     * What heals what gossip missed.
     *
     * @param soonMillis next comparison after one that found a difference
     * @param lateMillis next comparison after a row of equal ones; doubles from soon to late
     * @param reconnectMillis how often a lost member is tried again: heals a split mesh without anybody's help
     * @param tombstoneMillis how long a dead one is remembered as dead, so that old news cannot revive it
     * @param pageBytesMax largest message of an exchange
     * @param membersMax beyond it nobody new is admitted
     */
    public record Syncing(
            long soonMillis,
            long lateMillis,
            long reconnectMillis,
            long tombstoneMillis,
            int pageBytesMax,
            int membersMax) {}

    /**
     * Nodes that only ask.
     *
     * @param pullMillis how often a passive node asks for the table: covers every push that was lost
     * @param pushMillis the least time between two pushes of changes
     * @param followersMax passive nodes that are told of changes; more are served by their pulls
     */
    public record Passives(long pullMillis, long pushMillis, int followersMax) {}

    /**
     * From views to deeds.
     *
     * @param electionMillis the least time between two elections of one model on one node
     * @param settleMillis how long an outcome stands before anything starts or stops: news of one change come in bursts
     * @param standbyMillis how often a node without a model looks for one
     * @param loadMillis how often mere load is announced, in a mesh of up to fifty; scaled by its size
     * @param restMillis how long a node with a failed engine is passed over; doubles with each failure
     * @param restDoublingsMax how often it doubles
     * @param limits what a split may cost; the same on every node of a mesh
     */
    public record Deciding(
            long electionMillis,
            long settleMillis,
            long standbyMillis,
            long loadMillis,
            long restMillis,
            int restDoublingsMax,
            SplitLimits limits) {}

    /** A minute lets a driver recover or a person look; an hour keeps a broken engine from being noticed. */
    private static final long REST_MILLIS = 60_000;

    private static final int REST_DOUBLINGS_MAX = 5;

    /** The mesh as a whole tells so much of mere load that it stays a tenth of what gossip may cost. */
    private static final int LOAD_NODES = 50;

    /**
     * One building. A probe each 200 ms finds a death in a mesh of ten after 0.9 s at p99 (each of nine others looks
     * with chance 1/9 a round); direct and indirect wait add 0.6 s, doubt 1.0 s: within 3 s. A stall of 1.4 s is
     * survived even by a node that everybody doubts at once.
     */
    public static Tunables lan() {
        return new Tunables(
                TICK_MILLIS,
                new Probing(200, 200, 400, 3, 8),
                new Doubting(1_000, 3, 2, 4),
                new Gossiping(4, TICK_MILLIS, 2, 1_100, 8_192),
                new Syncing(1_000, 16_000, 10_000, 3_600_000, 60_000, 20_000),
                new Passives(30_000, 1_000, 1_024),
                new Deciding(500, 1_000, 1_000, 5_000, REST_MILLIS, REST_DOUBLINGS_MAX, SplitLimits.DEFAULT));
    }

    /** Homes on several continents: 300 ms round trips, radio links that hiccup for seconds, dearer bytes. */
    public static Tunables wan() {
        return new Tunables(
                TICK_MILLIS,
                new Probing(1_000, 600, 1_200, 3, 8),
                new Doubting(4_000, 3, 2, 4),
                new Gossiping(4, 2 * TICK_MILLIS, 2, 1_100, 8_192),
                new Syncing(2_000, 32_000, 20_000, 3_600_000, 60_000, 20_000),
                new Passives(30_000, 1_000, 1_024),
                new Deciding(500, 3_000, 1_000, 10_000, REST_MILLIS, REST_DOUBLINGS_MAX, SplitLimits.DEFAULT));
    }

    /** The shortest doubt in a mesh of {@code nodes}: news and refutation travel in a time that grows with its logarithm. */
    public long doubtFloorMillis(int nodes) {
        return (long) (doubting.floorMillis * StrictMath.max(1.0, StrictMath.log10(nodes + 1.0)));
    }

    /** How often one node passes a rumour on in a mesh of {@code nodes}. */
    public int repeats(int nodes) {
        return gossiping.repeatsPerLog * (32 - Integer.numberOfLeadingZeros(nodes));
    }

    /** How often one node of {@code nodes} may announce mere load. */
    public long loadMillis(int nodes) {
        return deciding.loadMillis * Math.max(1, nodes / LOAD_NODES);
    }

    /**
     * Within what time all of {@code nodes} should have heard a piece of news, latency aside: a round multiplies those
     * who know by up to fanout + 1; as many rounds again for the last ones, and two for the ticks of the first and last.
     */
    public long expectedSpreadMillis(int nodes) {
        int rounds = 1;
        for (long reached = 1; reached < nodes; reached *= gossiping.fanout + 1) rounds++;
        return (2L * rounds + 2) * gossiping.gapMillis;
    }
}
