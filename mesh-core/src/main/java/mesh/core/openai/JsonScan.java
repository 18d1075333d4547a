package mesh.core.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads one JSON object piece by piece and keeps the raw text of a few wanted top-level members; everything else is
 * checked and forgotten, so a 60 MB body costs no memory here. The whole grammar is checked (UTF-8 is not: strings are
 * skipped as bytes). Where the pieces are cut never changes the answer. A member named twice counts once, the last time,
 * as in every engine's parser. Not thread-safe; one per document.
 */
final class JsonScan {
    /** A longer value is none of ours: names are bounded far below. */
    static final int VALUE_BYTES_MAX = 4_096;

    /** Room for the longest wanted key with every character written as an escape. */
    private static final int KEY_BYTES_MAX = 128;

    /** What parsers behind us accept without trouble; the same bound as the one Jackson ships with. */
    private static final int DEPTH_MAX = 1_000;

    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    /** Bytes that neither end a string nor need a look. */
    private static final boolean[] PLAIN = new boolean[256];

    static {
        for (int b = 0x20; b < 256; b++) PLAIN[b] = b != '"' && b != '\\';
    }

    private enum At {
        START,
        FIRST_KEY,
        KEY,
        COLON,
        VALUE,
        FIRST_ITEM,
        AFTER,
        STRING,
        ESCAPE,
        UNICODE,
        WORD,
        MINUS,
        ZERO,
        INTEGER,
        POINT,
        FRACTION,
        EXPONENT,
        EXPONENT_SIGN,
        EXPONENT_DIGITS,
        END,
        BROKEN
    }

    private final List<String> wanted;
    private final List<Capture> values = new ArrayList<>();
    private final Capture key = new Capture(KEY_BYTES_MAX);

    private At at = At.START;
    private int depth;
    private final boolean[] inObject = new boolean[DEPTH_MAX + 1];
    private boolean stringIsKey;
    private int hexLeft;
    private byte[] word = TRUE;
    private int wordAt;
    private long seenBytes;
    private String fault = "";

    /** Index of the top-level member being read among the wanted ones, or -1. */
    private int member = -1;

    JsonScan(List<String> wanted) {
        this.wanted = List.copyOf(wanted);
        for (int i = 0; i < this.wanted.size(); i++) values.add(new Capture(VALUE_BYTES_MAX));
    }

    /** Takes the next piece; nothing of it is kept by reference. After a fault further pieces are ignored. */
    void feed(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to && at != At.BROKEN) {
            if (at == At.STRING) {
                int end = i;
                while (end < to && PLAIN[bytes[end] & 0xff]) end++;
                keep(bytes, i, end);
                i = end;
                if (i == to) break;
            }
            step(bytes[i]);
            if (at == At.BROKEN) seenBytes += i - from;
            i++;
        }
        if (at != At.BROKEN) seenBytes += to - from;
    }

    boolean isWhole() {
        return at == At.END;
    }

    /** Why this is not one JSON object, with the offset; empty while it still may become one. */
    Optional<String> fault() {
        return at == At.BROKEN ? Optional.of(fault + " at byte " + seenBytes) : Optional.empty();
    }

    /** The wanted member's value as it stood in the text, if it was there and not longer than the bound. */
    Optional<String> raw(String name) {
        Capture value = values.get(wanted.indexOf(name));
        return value.isKept() ? Optional.of(value.text()) : Optional.empty();
    }

    boolean isTooLong(String name) {
        return values.get(wanted.indexOf(name)).overflowed;
    }

    /** The first bytes of the wanted member's value, as many as are kept; empty without it. */
    byte[] beginning(String name) {
        return values.get(wanted.indexOf(name)).beginning();
    }

    /** The text between the quotes with its escapes resolved. Callers pass strings this scan has found well-formed. */
    static String unquoted(String raw) {
        if (raw.indexOf('\\') < 0) return raw;
        var text = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escape = raw.charAt(++i);
            switch (escape) {
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'n' -> text.append('\n');
                case 'r' -> text.append('\r');
                case 't' -> text.append('\t');
                case 'u' -> {
                    text.append((char) Integer.parseInt(raw, i + 1, i + 5, 16));
                    i += 4;
                }
                default -> text.append(escape);
            }
        }
        return text.toString();
    }

    private void step(byte b) {
        switch (at) {
            case START -> {
                if (b == '{') open(true, b);
                else if (!isSpace(b)) broken("expected an object");
            }
            case FIRST_KEY, KEY -> {
                if (b == '"') {
                    at = At.STRING;
                    stringIsKey = true;
                    if (depth == 1) key.restart();
                    else keep(b);
                } else if (b == '}' && at == At.FIRST_KEY) close(true, b);
                else if (!isSpace(b)) broken("expected a key");
            }
            case COLON -> {
                if (b == ':') {
                    at = At.VALUE;
                    if (depth == 1) chooseMember();
                    else keep(b);
                } else if (!isSpace(b)) broken("expected a colon");
            }
            case VALUE, FIRST_ITEM -> {
                if (b == ']' && at == At.FIRST_ITEM) close(false, b);
                else if (!isSpace(b)) value(b);
            }
            case AFTER -> after(b);
            case STRING -> string(b);
            case ESCAPE -> escape(b);
            case UNICODE -> {
                if (Character.digit(b, 16) < 0 || b < 0) broken("expected four hex digits");
                else {
                    keep(b);
                    if (--hexLeft == 0) at = At.STRING;
                }
            }
            case WORD -> {
                if (b != word[wordAt]) broken("expected true, false or null");
                else {
                    keep(b);
                    if (++wordAt == word.length) at = At.AFTER;
                }
            }
            case MINUS, ZERO, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS -> number(b);
            case END -> {
                if (!isSpace(b)) broken("text after the object");
            }
            case BROKEN -> {}
        }
    }

    private void value(byte b) {
        switch (b) {
            case '"' -> {
                keep(b);
                at = At.STRING;
                stringIsKey = false;
            }
            case '{' -> open(true, b);
            case '[' -> open(false, b);
            case 't' -> word(TRUE, b);
            case 'f' -> word(FALSE, b);
            case 'n' -> word(NULL, b);
            case '-' -> {
                keep(b);
                at = At.MINUS;
            }
            case '0' -> {
                keep(b);
                at = At.ZERO;
            }
            default -> {
                if (b < '1' || b > '9') broken("expected a value");
                else {
                    keep(b);
                    at = At.INTEGER;
                }
            }
        }
    }

    private void after(byte b) {
        if (isSpace(b)) return;
        if (b == ',') {
            if (depth == 1) member = -1;
            keep(b);
            at = inObject[depth] ? At.KEY : At.VALUE;
        } else if (b == '}' && inObject[depth]) close(true, b);
        else if (b == ']' && !inObject[depth]) close(false, b);
        else broken("expected a comma or the end of " + (inObject[depth] ? "an object" : "an array"));
    }

    private void string(byte b) {
        if (b == '\\') {
            keep(b);
            at = At.ESCAPE;
        } else if (b != '"') broken("control character in a string");
        else {
            if (!stringIsKey || depth > 1) keep(b);
            at = stringIsKey ? At.COLON : At.AFTER;
        }
    }

    private void escape(byte b) {
        keep(b);
        switch (b) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at = At.STRING;
            case 'u' -> {
                at = At.UNICODE;
                hexLeft = 4;
            }
            default -> broken("unknown escape");
        }
    }

    /** A number ends at the first byte that cannot continue it; that byte is then read as what follows a value. */
    private void number(byte b) {
        boolean digit = b >= '0' && b <= '9';
        At next = switch (at) {
            case MINUS -> b == '0' ? At.ZERO : digit ? At.INTEGER : At.BROKEN;
            case ZERO -> b == '.' ? At.POINT : isExponent(b) ? At.EXPONENT : digit ? At.BROKEN : At.AFTER;
            case INTEGER -> digit ? At.INTEGER : b == '.' ? At.POINT : isExponent(b) ? At.EXPONENT : At.AFTER;
            case POINT -> digit ? At.FRACTION : At.BROKEN;
            case FRACTION -> digit ? At.FRACTION : isExponent(b) ? At.EXPONENT : At.AFTER;
            case EXPONENT -> digit ? At.EXPONENT_DIGITS : b == '+' || b == '-' ? At.EXPONENT_SIGN : At.BROKEN;
            case EXPONENT_SIGN -> digit ? At.EXPONENT_DIGITS : At.BROKEN;
            default -> digit ? At.EXPONENT_DIGITS : At.AFTER;
        };
        if (next == At.BROKEN) broken("malformed number");
        else if (next == At.AFTER) {
            at = At.AFTER;
            after(b);
        } else {
            keep(b);
            at = next;
        }
    }

    private void word(byte[] expected, byte first) {
        keep(first);
        word = expected;
        wordAt = 1;
        at = At.WORD;
    }

    private void open(boolean object, byte b) {
        if (depth == DEPTH_MAX) {
            broken("nested deeper than " + DEPTH_MAX);
            return;
        }
        if (depth > 0) keep(b);
        inObject[++depth] = object;
        at = object ? At.FIRST_KEY : At.FIRST_ITEM;
    }

    private void close(boolean object, byte b) {
        if (inObject[depth] != object) {
            broken("mismatched bracket");
            return;
        }
        depth--;
        if (depth > 0) keep(b);
        at = depth == 0 ? At.END : At.AFTER;
    }

    private void chooseMember() {
        member = key.overflowed ? -1 : wanted.indexOf(unquoted(key.text()));
        if (member >= 0) values.get(member).restart();
    }

    private void keep(byte b) {
        if (stringIsKey && depth == 1 && (at == At.STRING || at == At.ESCAPE || at == At.UNICODE)) key.add(b);
        else if (member >= 0) values.get(member).add(b);
    }

    private void keep(byte[] bytes, int from, int to) {
        if (from == to) return;
        if (stringIsKey && depth == 1) key.add(bytes, from, to);
        else if (member >= 0) values.get(member).add(bytes, from, to);
    }

    private void broken(String why) {
        fault = why;
        at = At.BROKEN;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private static boolean isExponent(byte b) {
        return b == 'e' || b == 'E';
    }

    /** A short run of bytes with a bound; beyond it only the fact that it was longer is kept. */
    private static final class Capture {
        private final int bytesMax;
        private byte[] bytes = new byte[16];
        private int length;
        private boolean started;
        private boolean overflowed;
        private boolean isFull;

        Capture(int bytesMax) {
            this.bytesMax = bytesMax;
        }

        void restart() {
            length = 0;
            started = true;
            overflowed = false;
            isFull = false;
        }

        void add(byte b) {
            if (!makeRoom(1)) return;
            bytes[length++] = b;
        }

        void add(byte[] source, int from, int to) {
            if (!makeRoom(to - from)) {
                fill(source, from, to);
                return;
            }
            System.arraycopy(source, from, bytes, length, to - from);
            length += to - from;
        }

        /** What overflows is kept as far as there is room, wherever the pieces were cut. */
        private void fill(byte[] source, int from, int to) {
            if (isFull) return;
            isFull = true;
            bytes = java.util.Arrays.copyOf(bytes, bytesMax);
            int count = Math.min(to - from, bytesMax - length);
            System.arraycopy(source, from, bytes, length, count);
            length += count;
        }

        byte[] beginning() {
            return java.util.Arrays.copyOf(bytes, length);
        }

        boolean isKept() {
            return started && !overflowed;
        }

        String text() {
            return new String(bytes, 0, length, StandardCharsets.UTF_8);
        }

        private boolean makeRoom(int more) {
            if (overflowed || more > bytesMax - length) {
                overflowed = true;
                return false;
            }
            if (length + more > bytes.length)
                bytes = java.util.Arrays.copyOf(bytes, Math.min(bytesMax, Math.max(bytes.length * 2, length + more)));
            return true;
        }
    }
}
