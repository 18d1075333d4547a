package mesh.daemon.nostr;

import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECAlgorithms;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.util.BigIntegers;

/**
 * BIP-340 signatures over secp256k1. Not constant-time, which is enough for a key that signs a listing once a minute and
 * would not be for one that holds money. Stateless.
 */
final class Schnorr {
    static final int KEY_BYTES = 32;
    static final int SIGNATURE_BYTES = 64;

    private static final X9ECParameters CURVE = CustomNamedCurves.getByName("secp256k1");
    private static final BigInteger ORDER = CURVE.getN();
    private static final byte EVEN = 2;

    private Schnorr() {}

    static boolean isSecret(byte[] secret) {
        BigInteger d = new BigInteger(1, secret);
        return secret.length == KEY_BYTES && d.signum() > 0 && d.compareTo(ORDER) < 0;
    }

    static boolean isPublic(byte[] key) {
        try {
            return key.length == KEY_BYTES && lift(key).isValid();
        } catch (IllegalArgumentException notOnCurve) {
            return false;
        }
    }

    static byte[] publicKey(byte[] secret) {
        return x(timesBase(new BigInteger(1, secret)));
    }

    /** @param chance 32 fresh random bytes, which keep the secret safe from faults in the machine */
    static byte[] sign(byte[] secret, byte[] message, byte[] chance) {
        BigInteger given = new BigInteger(1, secret);
        ECPoint key = timesBase(given);
        BigInteger d = isOdd(key) ? ORDER.subtract(given) : given;
        byte[] publicKey = x(key);
        byte[] masked = xor(bytes(d), Hash.tagged("BIP0340/aux", chance));
        BigInteger drawn = new BigInteger(1, Hash.tagged("BIP0340/nonce", masked, publicKey, message)).mod(ORDER);
        if (drawn.signum() == 0) throw new IllegalStateException("nonce 0, which nobody has ever seen");
        ECPoint point = timesBase(drawn);
        BigInteger k = isOdd(point) ? ORDER.subtract(drawn) : drawn;
        byte[] r = x(point);
        BigInteger e = challenge(r, publicKey, message);
        byte[] signature = Arrays.copyOf(r, SIGNATURE_BYTES);
        System.arraycopy(bytes(k.add(e.multiply(d)).mod(ORDER)), 0, signature, KEY_BYTES, KEY_BYTES);
        return signature;
    }

    static boolean verify(byte[] publicKey, byte[] message, byte[] signature) {
        if (publicKey.length != KEY_BYTES || signature.length != SIGNATURE_BYTES) return false;
        byte[] r = Arrays.copyOf(signature, KEY_BYTES);
        BigInteger s = new BigInteger(1, Arrays.copyOfRange(signature, KEY_BYTES, SIGNATURE_BYTES));
        if (s.compareTo(ORDER) >= 0) return false;
        ECPoint key;
        try {
            key = lift(publicKey);
        } catch (IllegalArgumentException notOnCurve) {
            return false;
        }
        BigInteger e = challenge(r, publicKey, message);
        ECPoint point = ECAlgorithms.sumOfTwoMultiplies(CURVE.getG(), s, key, ORDER.subtract(e))
                .normalize();
        return !point.isInfinity() && !isOdd(point) && Arrays.equals(x(point), r);
    }

    /** The point that two keys have in common, its x alone; for NIP-44. */
    static byte[] shared(byte[] secret, byte[] publicKey) {
        if (!isSecret(secret)) throw new IllegalArgumentException("no secret key bytes=" + secret.length);
        return x(lift(publicKey).multiply(new BigInteger(1, secret)).normalize());
    }

    private static BigInteger challenge(byte[] r, byte[] publicKey, byte[] message) {
        return new BigInteger(1, Hash.tagged("BIP0340/challenge", r, publicKey, message)).mod(ORDER);
    }

    private static ECPoint lift(byte[] x) {
        byte[] compressed = new byte[KEY_BYTES + 1];
        compressed[0] = EVEN;
        System.arraycopy(x, 0, compressed, 1, KEY_BYTES);
        return CURVE.getCurve().decodePoint(compressed);
    }

    private static ECPoint timesBase(BigInteger factor) {
        return new FixedPointCombMultiplier().multiply(CURVE.getG(), factor).normalize();
    }

    private static boolean isOdd(ECPoint point) {
        return point.getAffineYCoord().testBitZero();
    }

    private static byte[] x(ECPoint point) {
        return point.getAffineXCoord().getEncoded();
    }

    private static byte[] bytes(BigInteger number) {
        return BigIntegers.asUnsignedByteArray(KEY_BYTES, number);
    }

    private static byte[] xor(byte[] a, byte[] b) {
        byte[] mixed = a.clone();
        for (int i = 0; i < mixed.length; i++) mixed[i] ^= b[i];
        return mixed;
    }
}
