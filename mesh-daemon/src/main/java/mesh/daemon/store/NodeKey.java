package mesh.daemon.store;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import mesh.core.id.NodeId;
import mesh.core.id.Signer;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 secret: a node's, or a mesh's. Signs in its name and lends itself to TLS. Never shown: {@code toString}
 * gives the public half. Usable from any thread.
 */
public final class NodeKey implements Signer {
    static final int SEED_BYTES = Ed25519.SECRET_KEY_SIZE;

    /** What PKCS#8 puts before an Ed25519 seed; all such keys have one length. */
    private static final byte[] PKCS8_HEAD = HexFormat.of().parseHex("302e020100300506032b657004220420");

    private final byte[] seed;
    private final NodeId id;

    private NodeKey(byte[] seed) {
        this.seed = seed;
        byte[] open = new byte[Ed25519.PUBLIC_KEY_SIZE];
        Ed25519.generatePublicKey(seed, 0, open, 0);
        this.id = NodeId.of(open);
    }

    public static NodeKey fresh() {
        byte[] seed = new byte[SEED_BYTES];
        new SecureRandom().nextBytes(seed);
        return new NodeKey(seed);
    }

    static NodeKey ofPkcs8(byte[] encoded) throws GeneralSecurityException {
        int head = PKCS8_HEAD.length;
        if (encoded.length != head + SEED_BYTES || !Arrays.equals(encoded, 0, head, PKCS8_HEAD, 0, head))
            throw new GeneralSecurityException("not an Ed25519 key in PKCS#8 bytes=" + encoded.length);
        return new NodeKey(Arrays.copyOfRange(encoded, head, encoded.length));
    }

    byte[] pkcs8() {
        byte[] encoded = Arrays.copyOf(PKCS8_HEAD, PKCS8_HEAD.length + SEED_BYTES);
        System.arraycopy(seed, 0, encoded, PKCS8_HEAD.length, SEED_BYTES);
        return encoded;
    }

    /** The same secret as the platform's TLS wants to see it. */
    public PrivateKey forTls() throws GeneralSecurityException {
        return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(pkcs8()));
    }

    @Override
    public NodeId id() {
        return id;
    }

    @Override
    public byte[] sign(byte[] message) {
        byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
        Ed25519.sign(seed, 0, message, 0, message.length, signature, 0);
        return signature;
    }

    /** The public half only. */
    @Override
    public String toString() {
        return "key of " + id;
    }
}
