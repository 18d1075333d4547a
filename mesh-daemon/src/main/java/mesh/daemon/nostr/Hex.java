package mesh.daemon.nostr;

import java.util.HexFormat;

/** Hex as Nostr writes it: lower case only, and of an exact length. Stateless. */
final class Hex {
    private static final HexFormat HEX = HexFormat.of();

    private Hex() {}

    static String text(byte[] bytes) {
        return HEX.formatHex(bytes);
    }

    static byte[] bytes(String hex) {
        return HEX.parseHex(hex);
    }

    static boolean is(String text, int bytes) {
        if (text.length() != 2 * bytes) return false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
        }
        return true;
    }
}
