package mesh.testnet.sim;

import java.util.Arrays;

/**
 * What nodes sent, in messages and real encoded bytes. Sizes are taken of every so many messages, so totals are exact
 * at one in one and estimates otherwise. One owner.
 */
public final class Traffic {
    private final int every;
    private long[] messages = new long[0];
    private long[] measured = new long[0];
    private long[] bytes = new long[0];
    private long sent;

    Traffic(int every) {
        this.every = every;
    }

    /** Counts a message; whether this one is to be measured. */
    boolean count(int node) {
        if (node >= messages.length) grow(node + 1);
        messages[node]++;
        return sent++ % every == 0;
    }

    void measured(int node, int size) {
        measured[node]++;
        bytes[node] += size;
    }

    /** Starts counting anew. */
    public void reset() {
        Arrays.fill(messages, 0);
        Arrays.fill(measured, 0);
        Arrays.fill(bytes, 0);
    }

    public long messages() {
        return Arrays.stream(messages).sum();
    }

    public long bytes() {
        long sizes = Arrays.stream(measured).sum();
        return sizes == 0 ? 0 : Arrays.stream(bytes).sum() * messages() / sizes;
    }

    /** Of the node that sent the most; exact only when every message is measured. */
    public long bytesMax() {
        return Arrays.stream(bytes).max().orElse(0) * every;
    }

    private void grow(int nodes) {
        messages = Arrays.copyOf(messages, Math.max(nodes, 2 * messages.length));
        measured = Arrays.copyOf(measured, messages.length);
        bytes = Arrays.copyOf(bytes, messages.length);
    }
}
