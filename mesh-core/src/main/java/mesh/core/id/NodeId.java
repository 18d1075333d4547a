package mesh.core.id;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * A node's name: its 32-byte Ed25519 public key. Whoever speaks under the name proved that it holds the key. Ordered
 * by bytes, so that every node sorts the mesh alike. Immutable.
 */
public final class NodeId implements Comparable<NodeId> {
    public static final int BYTES = 32;

    /** Enough hex to tell the nodes of one mesh apart in a log, short enough for a table. */
    private static final int SHORT_BYTES = 5;

    private final byte[] key;
    private final int hash;

    private NodeId(byte[] key) {
        this.key = key;
        this.hash = Arrays.hashCode(key);
    }

    public static NodeId of(byte[] key) {
        if (key.length != BYTES)
            throw new IllegalArgumentException("node id length bytes=" + key.length + " expected=" + BYTES);
        return new NodeId(key.clone());
    }

    public static NodeId parse(String hex) {
        return of(HexFormat.of().parseHex(hex));
    }

    public byte[] bytes() {
        return key.clone();
    }

    public String hex() {
        return HexFormat.of().formatHex(key);
    }

    @Override
    public int compareTo(NodeId other) {
        return Arrays.compareUnsigned(key, other.key);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof NodeId that && hash == that.hash && Arrays.equals(key, that.key));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** The short form; {@link #hex()} is the whole name. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(key, 0, SHORT_BYTES);
    }
}
