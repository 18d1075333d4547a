package mesh.core.id;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/** A real Ed25519 key from one number, so that signatures are the same in every run. */
final class TestKey implements Signer {
    private static final byte[] HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

    static final Verifier VERIFIER = (id, message, signature) -> {
        try {
            byte[] open = Arrays.copyOf(HEAD, HEAD.length + NodeId.BYTES);
            System.arraycopy(id.bytes(), 0, open, HEAD.length, NodeId.BYTES);
            var verify = Signature.getInstance("Ed25519");
            verify.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(open)));
            verify.update(message);
            return verify.verify(signature);
        } catch (GeneralSecurityException notSigned) {
            return false;
        }
    };

    private final KeyPair pair;
    private final NodeId id;

    TestKey(int seed) {
        try {
            var generator = KeyPairGenerator.getInstance("Ed25519");
            generator.initialize(255, new Repeating(seed));
            pair = generator.generateKeyPair();
            byte[] open = pair.getPublic().getEncoded();
            id = NodeId.of(Arrays.copyOfRange(open, HEAD.length, open.length));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    @Override
    public NodeId id() {
        return id;
    }

    @Override
    public byte[] sign(byte[] message) {
        try {
            var sign = Signature.getInstance("Ed25519");
            sign.initSign(pair.getPrivate());
            sign.update(message);
            return sign.sign();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    /** Chance that always falls alike. */
    private static final class Repeating extends SecureRandom {
        private static final long serialVersionUID = 1;

        private final int seed;

        Repeating(int seed) {
            this.seed = seed;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            Arrays.fill(bytes, (byte) seed);
        }
    }
}
