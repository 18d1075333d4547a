package mesh.daemon.nostr;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, plain and tagged as BIP-340 wants it. Stateless. */
final class Hash {
    private Hash() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every Java has SHA-256", never);
        }
    }

    static byte[] sha256(byte[] bytes) {
        return digest().digest(bytes);
    }

    static byte[] tagged(String tag, byte[]... parts) {
        byte[] name = sha256(tag.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        MessageDigest hash = digest();
        hash.update(name);
        hash.update(name);
        for (byte[] part : parts) hash.update(part);
        return hash.digest();
    }
}
