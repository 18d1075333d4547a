package mesh.daemon.nostr;

import java.security.MessageDigest;
import mesh.core.Sha256;

/** SHA-256, tagged as BIP-340 wants it. Stateless. */
final class Hash {
    private Hash() {}

    static byte[] tagged(String tag, byte[]... parts) {
        byte[] name = Sha256.of(tag.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        MessageDigest hash = Sha256.fresh();
        hash.update(name);
        hash.update(name);
        for (byte[] part : parts) hash.update(part);
        return hash.digest();
    }
}
