package mesh.core.id;

/**
 * Breaks ties so that nodes differ: each node ranks equal things in an order of its own, the same on every run. Not a
 * defence; whoever chooses names can choose ranks. Stateless.
 */
public final class Spread {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Spread() {}

    public static long of(NodeId by, String what) {
        long mixed = FNV_OFFSET;
        for (byte b : by.bytes()) mixed = (mixed ^ b) * FNV_PRIME;
        for (int i = 0; i < what.length(); i++) mixed = (mixed ^ what.charAt(i)) * FNV_PRIME;
        // FNV leaves the high bits of short inputs nearly alike, and order is decided by them.
        mixed = (mixed ^ (mixed >>> 33)) * 0xff51afd7ed558ccdL;
        return mixed ^ (mixed >>> 33);
    }
}
