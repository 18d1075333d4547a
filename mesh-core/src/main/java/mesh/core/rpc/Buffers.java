package mesh.core.rpc;

import mesh.core.Check;

/**
 * The memory that all connections of one lease hold on its server together. A server frees what a connection allocated
 * when that connection ends, and so does {@link Conversation#end}. Not thread-safe; owned by whoever carries them.
 */
public final class Buffers {
    private final long bytesMax;
    private long heldBytes;

    public Buffers(long bytesMax) {
        Check.that(bytesMax > 0, "a lease lends something", bytesMax);
        this.bytesMax = bytesMax;
    }

    /** Of an end that lends nothing itself. */
    static Buffers unbounded() {
        return new Buffers(Long.MAX_VALUE);
    }

    public long heldBytes() {
        return heldBytes;
    }

    long bytesMax() {
        return bytesMax;
    }

    /** False when that is more than was lent; nothing is taken then. */
    boolean take(long bytes) {
        if (bytes > bytesMax - heldBytes) return false;
        heldBytes += bytes;
        return true;
    }

    void give(long bytes) {
        heldBytes -= bytes;
        Check.that(heldBytes >= 0, "nobody gives back what was not taken", heldBytes, bytes);
    }
}
