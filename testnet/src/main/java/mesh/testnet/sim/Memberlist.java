package mesh.testnet.sim;

/**
 * What memberlist's documented LAN defaults amount to, by its own formulas, for a mesh of the given size whose members
 * carry as much about themselves as ours do: a yardstick, computed and not run. Immutable.
 */
record Memberlist(int nodes) {
    private static final double PROBE_SECONDS = 1;
    private static final double GOSSIP_SECONDS = 0.2;
    private static final int GOSSIP_NODES = 3;
    private static final int SUSPICION_MULT = 4;
    private static final double PUSH_PULL_SECONDS = 30;

    /** Push-pull slows down beyond so many nodes. */
    private static final int PUSH_PULL_SCALE_NODES = 32;

    /** A ping and its answer with names and sequence numbers, and one node's state with 300 bytes about it. */
    private static final int PROBE_BYTES = 80;

    private static final int STATE_BYTES = 360;

    /** Probes both ways, and the whole table both ways at each push-pull, which a node does and suffers once a period. */
    String idleBytesPerSecond() {
        double scale = nodes <= PUSH_PULL_SCALE_NODES ? 1 : Math.ceil(log2(nodes) - log2(PUSH_PULL_SCALE_NODES)) + 1;
        double pushPull = 2.0 * nodes * STATE_BYTES / (PUSH_PULL_SECONDS * scale);
        return Long.toString(Math.round(PROBE_BYTES / PROBE_SECONDS + pushPull));
    }

    /** Rounds until all are reached by doubling with the fan-out, as long again for the last ones. */
    String spreadMillis() {
        double rounds = Math.ceil(Math.log(nodes) / Math.log(GOSSIP_NODES + 1.0));
        return "about " + Math.round(rounds * GOSSIP_SECONDS * 1_000) + " to "
                + Math.round(2 * rounds * GOSSIP_SECONDS * 1_000);
    }

    /** First probe by somebody, its whole interval, and the shortest suspicion. */
    String detectionMillis() {
        double first = Math.E / (Math.E - 1) * PROBE_SECONDS;
        double suspicion = SUSPICION_MULT * Math.max(1, Math.log10(nodes)) * PROBE_SECONDS;
        return "about " + Math.round((first + PROBE_SECONDS + suspicion) * 1_000);
    }

    private static double log2(double value) {
        return Math.log(value) / Math.log(2);
    }
}
