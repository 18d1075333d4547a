package mesh.core.member;

import java.util.Arrays;
import mesh.core.Check;
import mesh.core.id.NodeId;

/**
 * Summary of a set of versions: nodes fall into buckets by their id, each bucket is the exclusive or of its versions'
 * hashes. Equal sets have equal digests whatever the order; unequal ones differ but for one chance in 2^64 a bucket.
 * Immutable; {@link Sum} is the part that counts along.
 */
public final class Digest {
    /** At 16 nodes a bucket this serves 4,096 nodes well and larger meshes decently, in two kilobytes. */
    public static final int BUCKETS_MAX = 256;

    private static final int NODES_PER_BUCKET = 16;

    private final long[] buckets;

    public Digest(long[] buckets) {
        Check.that(isCount(buckets.length), "bucket count is a power of two within bounds", buckets.length);
        this.buckets = buckets.clone();
    }

    public static boolean isCount(int buckets) {
        return buckets >= 1 && buckets <= BUCKETS_MAX && Integer.bitCount(buckets) == 1;
    }

    public int buckets() {
        return buckets.length;
    }

    public long bucket(int at) {
        return buckets[at];
    }

    /** Which of {@code buckets} buckets {@code id} falls into. */
    static int bucketOf(NodeId id, int buckets) {
        return (int) (mix(id.hashCode()) >>> 56) * buckets / BUCKETS_MAX;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Digest that && Arrays.equals(buckets, that.buckets);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(buckets);
    }

    @Override
    public String toString() {
        return "Digest[buckets=" + buckets.length + "]";
    }

    private static long mix(long z) {
        z = (z + 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 30)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** A digest that follows a table: adding and removing a version is the same operation. One owner. */
    static final class Sum {
        private final long[] buckets = new long[BUCKETS_MAX];

        void toggle(NodeId id, long incarnation, long sequence) {
            long hash = mix(id.hashCode() ^ mix(incarnation ^ mix(sequence)));
            buckets[bucketOf(id, BUCKETS_MAX)] ^= hash;
        }

        /** The digest cut for a mesh of {@code nodes} nodes. */
        Digest cutFor(int nodes) {
            int count = Integer.highestOneBit(Math.clamp(nodes / NODES_PER_BUCKET, 1, BUCKETS_MAX));
            return cut(count);
        }

        Digest cut(int count) {
            long[] folded = new long[count];
            for (int at = 0; at < BUCKETS_MAX; at++) folded[at * count / BUCKETS_MAX] ^= buckets[at];
            return new Digest(folded);
        }
    }
}
