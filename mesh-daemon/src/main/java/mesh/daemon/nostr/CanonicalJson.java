package mesh.daemon.nostr;

import java.nio.charset.StandardCharsets;
import java.util.List;
import mesh.core.Sha256;

/**
 * JSON written in the one form that everybody hashes alike: no spaces, the seven short escapes, other controls and lone
 * surrogates as lower-case {@code \\u} escapes, everything else raw. Written by hand because a library's freedom here
 * would be a wrong id. Stateless.
 */
final class CanonicalJson {
    private CanonicalJson() {}

    /** The id of an event: the hash of its canonical form. */
    static String id(String author, long createdAt, int kind, List<List<String>> tags, String content) {
        var text = new StringBuilder("[0,");
        string(text, author)
                .append(',')
                .append(createdAt)
                .append(',')
                .append(kind)
                .append(',');
        tags(text, tags).append(',');
        string(text, content).append(']');
        return Hex.text(Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8)));
    }

    static String event(Event event) {
        var text = new StringBuilder("{\"id\":");
        string(text, event.id()).append(",\"pubkey\":");
        string(text, event.author()).append(",\"created_at\":").append(event.createdAt());
        text.append(",\"kind\":").append(event.kind()).append(",\"tags\":");
        tags(text, event.tags()).append(",\"content\":");
        string(text, event.content()).append(",\"sig\":");
        return string(text, event.signature()).append('}').toString();
    }

    static StringBuilder strings(StringBuilder to, List<String> items) {
        to.append('[');
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) to.append(',');
            string(to, items.get(i));
        }
        return to.append(']');
    }

    private static StringBuilder tags(StringBuilder to, List<List<String>> tags) {
        to.append('[');
        for (int i = 0; i < tags.size(); i++) {
            if (i > 0) to.append(',');
            strings(to, tags.get(i));
        }
        return to.append(']');
    }

    static StringBuilder string(StringBuilder to, String text) {
        to.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> to.append("\\\"");
                case '\\' -> to.append("\\\\");
                case '\b' -> to.append("\\b");
                case '\t' -> to.append("\\t");
                case '\n' -> to.append("\\n");
                case '\f' -> to.append("\\f");
                case '\r' -> to.append("\\r");
                default -> {
                    if (c < ' ' || isLone(text, i)) escape(to, c);
                    else to.append(c);
                }
            }
        }
        return to.append('"');
    }

    private static boolean isLone(String text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c))
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    private static void escape(StringBuilder to, char c) {
        to.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) to.append(Character.forDigit((c >> shift) & 0xF, 16));
    }
}
