package mesh.daemon.nostr;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Texts that only two keys can read (NIP-44 version 2): ECDH, HKDF, padding, ChaCha20, HMAC. Whoever learns one of the
 * keys later reads them too, so what is sealed should not matter for long. Stateless.
 */
final class Nip44 {
    static final int NONCE_BYTES = 32;
    static final int TEXT_BYTES_MAX = 65_535;

    private static final byte VERSION = 2;
    private static final int KEY_BYTES = 32;
    private static final int CIPHER_NONCE_BYTES = 12;
    private static final int MAC_KEY_AT = KEY_BYTES + CIPHER_NONCE_BYTES;
    private static final int MAC_BYTES = 32;
    private static final int LENGTH_BYTES = 2;

    /** Nothing is padded to less. */
    private static final int CHUNK_BYTES_MIN = 32;

    private static final int SEALED_BYTES_MIN = 1 + NONCE_BYTES + LENGTH_BYTES + CHUNK_BYTES_MIN + MAC_BYTES;
    private static final int SEALED_BYTES_MAX = 1 + NONCE_BYTES + LENGTH_BYTES + 65_536 + MAC_BYTES;

    private static final byte[] SALT = "nip44-v2".getBytes(StandardCharsets.US_ASCII);

    private Nip44() {}

    /**
     * The same from either side.
     *
     * @throws IllegalArgumentException when one of the two is no key of this curve
     */
    static byte[] conversationKey(byte[] secret, byte[] publicKey) {
        var extract = HKDFParameterSpec.ofExtract()
                .addIKM(Schnorr.shared(secret, publicKey))
                .addSalt(SALT)
                .extractOnly();
        return derived(extract);
    }

    /** What one message is enciphered and authenticated with, one behind the other. */
    static byte[] messageKeys(byte[] conversationKey, byte[] nonce) {
        var pseudoRandom = new SecretKeySpec(conversationKey, "Generic");
        return derived(HKDFParameterSpec.expandOnly(pseudoRandom, nonce, MAC_KEY_AT + KEY_BYTES));
    }

    private static byte[] derived(java.security.spec.AlgorithmParameterSpec how) {
        try {
            return KDF.getInstance("HKDF-SHA256").deriveData(how);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every JDK has HKDF", missing);
        }
    }

    /** @param nonce drawn for this text alone */
    static String seal(byte[] conversationKey, byte[] nonce, String text) {
        byte[] plain = text.getBytes(StandardCharsets.UTF_8);
        if (plain.length < 1 || plain.length > TEXT_BYTES_MAX)
            throw new IllegalArgumentException("text bytes=" + plain.length + " max=" + TEXT_BYTES_MAX);
        byte[] padded = ByteBuffer.allocate(LENGTH_BYTES + paddedBytes(plain.length))
                .putShort((short) plain.length)
                .put(plain)
                .array();
        byte[] keys = messageKeys(conversationKey, nonce);
        byte[] hidden = applied(keys, padded);
        byte[] sealed = ByteBuffer.allocate(1 + NONCE_BYTES + hidden.length + MAC_BYTES)
                .put(VERSION)
                .put(nonce)
                .put(hidden)
                .put(mac(keys, nonce, hidden))
                .array();
        return Base64.getEncoder().encodeToString(sealed);
    }

    /** Empty for whatever was not sealed under this key, or was touched since. */
    static Optional<String> open(byte[] conversationKey, String payload) {
        if (payload.length() > (SEALED_BYTES_MAX + 2) / 3 * 4) return Optional.empty();
        byte[] sealed;
        try {
            sealed = Base64.getDecoder().decode(payload);
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
        if (sealed.length < SEALED_BYTES_MIN || sealed.length > SEALED_BYTES_MAX || sealed[0] != VERSION)
            return Optional.empty();
        int hiddenEnd = sealed.length - MAC_BYTES;
        byte[] nonce = Arrays.copyOfRange(sealed, 1, 1 + NONCE_BYTES);
        byte[] hidden = Arrays.copyOfRange(sealed, 1 + NONCE_BYTES, hiddenEnd);
        byte[] keys = messageKeys(conversationKey, nonce);
        byte[] said = Arrays.copyOfRange(sealed, hiddenEnd, sealed.length);
        if (!MessageDigest.isEqual(mac(keys, nonce, hidden), said)) return Optional.empty();
        return unpadded(applied(keys, hidden));
    }

    private static Optional<String> unpadded(byte[] padded) {
        int bytes = Short.toUnsignedInt(ByteBuffer.wrap(padded).getShort());
        if (bytes < 1 || padded.length != LENGTH_BYTES + paddedBytes(bytes)) return Optional.empty();
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(padded, LENGTH_BYTES, bytes));
            return Optional.of(text.toString());
        } catch (CharacterCodingException notText) {
            return Optional.empty();
        }
    }

    /** Lengths are hidden in steps of an eighth, the shortest texts in one of 32 bytes. */
    static int paddedBytes(int bytes) {
        if (bytes <= CHUNK_BYTES_MIN) return CHUNK_BYTES_MIN;
        int power = Integer.highestOneBit(bytes - 1) * 2;
        int chunk = Math.max(CHUNK_BYTES_MIN, power / 8);
        return (bytes + chunk - 1) / chunk * chunk;
    }

    /** Enciphering and deciphering are the same. */
    private static byte[] applied(byte[] keys, byte[] text) {
        byte[] nonce = Arrays.copyOfRange(keys, KEY_BYTES, MAC_KEY_AT);
        try {
            Cipher cipher = Cipher.getInstance("ChaCha20");
            cipher.init(
                    Cipher.ENCRYPT_MODE,
                    new SecretKeySpec(keys, 0, KEY_BYTES, "ChaCha20"),
                    new ChaCha20ParameterSpec(nonce, 0));
            return cipher.doFinal(text);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every JDK has ChaCha20", missing);
        }
    }

    private static byte[] mac(byte[] keys, byte[] nonce, byte[] hidden) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(keys, MAC_KEY_AT, KEY_BYTES, "HmacSHA256"));
            mac.update(nonce);
            return mac.doFinal(hidden);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every JDK has HMAC", missing);
        }
    }
}
