package mesh.testnet.sim;

import java.util.Arrays;
import mesh.core.id.Licence;
import mesh.core.id.NodeId;
import mesh.core.id.Signer;
import mesh.core.id.Verifier;

/**
 * Keys for simulated nodes: a keyed hash of real signature length, a thousand times cheaper than Ed25519. Whoever knows
 * the id can sign, so it proves who spoke only among nodes that do not lie on purpose. Stateless.
 */
public final class HashKeys {
    private static final int SIGNATURE_BYTES = 64;

    private HashKeys() {}

    public static NodeId id(int index) {
        byte[] key = new byte[NodeId.BYTES];
        for (int at = 0; at < key.length; at++) key[at] = (byte) (mix(index * 31L + at / 8 + 1) >>> (8 * (at % 8)));
        return NodeId.of(key);
    }

    public static Signer signer(NodeId id) {
        return new Signer() {
            @Override
            public NodeId id() {
                return id;
            }

            @Override
            public byte[] sign(byte[] message) {
                return expand(hash(id, message));
            }
        };
    }

    public static Verifier verifier() {
        return (id, message, signature) -> {
            if (signature.length != SIGNATURE_BYTES) return false;
            long hash = hash(id, message);
            for (int at = 0; at < Long.BYTES; at++) if (signature[at] != (byte) (hash >>> (8 * at))) return false;
            return true;
        };
    }

    /** Every node's credential is its hash: eight bytes, where a real chain takes some hundreds. */
    public static Licence licence(NodeId id) {
        return new Licence() {
            @Override
            public byte[] own() {
                return credential(id);
            }

            @Override
            public boolean allowsSplits(NodeId speaker, byte[] credential) {
                return Arrays.equals(credential, credential(speaker));
            }
        };
    }

    private static byte[] credential(NodeId id) {
        return Arrays.copyOf(expand(mix(id.hashCode())), Long.BYTES);
    }

    static long mix(long z) {
        z = (z + 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 30)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    private static long hash(NodeId id, byte[] message) {
        long hash = id.hashCode();
        for (byte each : message) hash = (hash ^ each) * 0x100000001b3L;
        return mix(hash);
    }

    private static byte[] expand(long hash) {
        byte[] signature = new byte[SIGNATURE_BYTES];
        for (int at = 0; at < SIGNATURE_BYTES; at++) signature[at] = (byte) (hash >>> (8 * (at % 8)));
        return signature;
    }
}
