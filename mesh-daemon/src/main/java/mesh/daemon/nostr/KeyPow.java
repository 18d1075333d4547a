package mesh.daemon.nostr;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import mesh.core.Sha256;

/**
 * What a publisher's key cost: leading zero bits of a hash over the application, the key and a nonce. Mined once per
 * key, checked with one hash, so that ten thousand keys for ten thousand false listings are not free. Stateless.
 */
public final class KeyPow {
    private static final int APPLICATION_BYTES = 8;

    /** One block of SHA-256 holds it all. */
    private static final int BYTES = APPLICATION_BYTES + Schnorr.KEY_BYTES + Long.BYTES;

    private KeyPow() {}

    public static int bits(String application, String author, long nonce) {
        return bits(Sha256.of(text(application, author).putLong(nonce).array()));
    }

    /** A nonce worth at least so many bits; burns one core until it has one or the thread is interrupted. */
    public static long mine(String application, String author, int bits) throws InterruptedException {
        byte[] text = text(application, author).array();
        var view = ByteBuffer.wrap(text);
        MessageDigest hash = Sha256.fresh();
        for (long nonce = 0; ; nonce++) {
            view.putLong(BYTES - Long.BYTES, nonce);
            if (bits(hash.digest(text)) >= bits) return nonce;
            if ((nonce & 0xFFFF) == 0 && Thread.interrupted()) throw new InterruptedException();
        }
    }

    private static ByteBuffer text(String application, String author) {
        byte[] name = Sha256.of(application.getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.allocate(BYTES).put(name, 0, APPLICATION_BYTES).put(Hex.bytes(author));
    }

    private static int bits(byte[] hash) {
        long head = ByteBuffer.wrap(hash).getLong();
        return Long.numberOfLeadingZeros(head);
    }
}
