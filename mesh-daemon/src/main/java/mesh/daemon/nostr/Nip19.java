package mesh.daemon.nostr;

import java.io.ByteArrayOutputStream;
import java.util.Optional;

/** Keys as people read and paste them (NIP-19): bech32 with a prefix that says what it is. Stateless. */
public final class Nip19 {
    static final String PUBLIC = "npub";
    static final String SECRET = "nsec";

    private static final String ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private static final int[] GENERATOR = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    private static final int CHECKSUM_CHARS = 6;

    /** A key takes 63; nothing longer is looked at. */
    private static final int CHARS_MAX = 90;

    private Nip19() {}

    public static String npub(String author) {
        return encode(PUBLIC, Hex.bytes(author));
    }

    /** The public key behind an {@code npub}, or behind plain hex, as hex. */
    public static Optional<String> author(String said) {
        String text = said.strip();
        Optional<String> author = Hex.is(text, Schnorr.KEY_BYTES)
                ? Optional.of(text)
                : decode(PUBLIC, text).map(Hex::text);
        return author.filter(key -> Schnorr.isPublic(Hex.bytes(key)));
    }

    static String encode(String prefix, byte[] key) {
        byte[] five = regroup(key, 8, 5, true).orElseThrow();
        var text = new StringBuilder(prefix).append('1');
        for (byte each : five) text.append(ALPHABET.charAt(each));
        int sum = checksum(prefix, five, new byte[CHECKSUM_CHARS]) ^ 1;
        for (int i = 0; i < CHECKSUM_CHARS; i++) text.append(ALPHABET.charAt((sum >>> (5 * (5 - i))) & 31));
        return text.toString();
    }

    /** Thirty-two bytes with this prefix; empty for anything else. */
    static Optional<byte[]> decode(String prefix, String text) {
        if (text.length() > CHARS_MAX || !text.startsWith(prefix + "1")) return Optional.empty();
        byte[] five = new byte[text.length() - prefix.length() - 1];
        for (int i = 0; i < five.length; i++) {
            int value = ALPHABET.indexOf(text.charAt(prefix.length() + 1 + i));
            if (value < 0) return Optional.empty();
            five[i] = (byte) value;
        }
        if (five.length < CHECKSUM_CHARS || checksum(prefix, five, new byte[0]) != 1) return Optional.empty();
        return regroup(java.util.Arrays.copyOf(five, five.length - CHECKSUM_CHARS), 5, 8, false)
                .filter(key -> key.length == Schnorr.KEY_BYTES);
    }

    private static int checksum(String prefix, byte[] five, byte[] end) {
        int sum = 1;
        for (int i = 0; i < prefix.length(); i++) sum = step(sum, prefix.charAt(i) >>> 5);
        sum = step(sum, 0);
        for (int i = 0; i < prefix.length(); i++) sum = step(sum, prefix.charAt(i) & 31);
        for (byte each : five) sum = step(sum, each);
        for (byte each : end) sum = step(sum, each);
        return sum;
    }

    private static int step(int sum, int value) {
        int top = sum >>> 25;
        int next = ((sum & 0x1ffffff) << 5) ^ value;
        for (int i = 0; i < GENERATOR.length; i++) if (((top >>> i) & 1) == 1) next ^= GENERATOR[i];
        return next;
    }

    private static Optional<byte[]> regroup(byte[] in, int from, int to, boolean isPadded) {
        var out = new ByteArrayOutputStream();
        int held = 0;
        int bits = 0;
        for (byte each : in) {
            held = ((held << from) | (each & 0xFF)) & 0xFFF;
            bits += from;
            while (bits >= to) {
                bits -= to;
                out.write((held >>> bits) & ((1 << to) - 1));
            }
        }
        int rest = held & ((1 << bits) - 1);
        if (isPadded && bits > 0) out.write(rest << (to - bits));
        else if (!isPadded && (bits >= from || rest != 0)) return Optional.empty();
        return Optional.of(out.toByteArray());
    }
}
