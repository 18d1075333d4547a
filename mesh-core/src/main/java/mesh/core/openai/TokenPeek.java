package mesh.core.openai;

import java.nio.charset.StandardCharsets;

/**
 * Finds the token counts in an answer that passes by, whole or as events, whether the caller asked for them or not:
 * engines say {@code usage} or {@code timings} near the end, or, where long data follows, near the beginning. Keeps only
 * those two ends. Text of the answer itself cannot be taken for counts, because its quotes are escaped. Not thread-safe;
 * one per answer.
 */
public final class TokenPeek {
    /** The events at the end of a stream, or what follows the message of a plain answer. */
    private static final int TAIL_BYTES = 4_096;

    private static final int HEAD_BYTES = 1_024;

    private static final String USAGE = "\"usage\":";
    private static final String TIMINGS = "\"timings\":";
    private static final double MILLI = 1_000;

    private final byte[] head = new byte[HEAD_BYTES];
    private final byte[] tail = new byte[TAIL_BYTES];
    private int headLength;
    private int tailAt;
    private long bytes;

    /** Takes the next piece; the array may be reused afterwards. */
    public void feed(byte[] piece, int from, int to) {
        int length = to - from;
        bytes += length;
        int first = Math.min(length, HEAD_BYTES - headLength);
        System.arraycopy(piece, from, head, headLength, first);
        headLength += first;
        int start = Math.max(from, to - TAIL_BYTES);
        while (start < to) {
            int step = Math.min(to - start, TAIL_BYTES - tailAt);
            System.arraycopy(piece, start, tail, tailAt, step);
            tailAt = (tailAt + step) % TAIL_BYTES;
            start += step;
        }
    }

    /** How much of a piece of {@code length} bytes matters: all of it at the beginning, else its end. */
    public int wanted(int length) {
        return headLength < HEAD_BYTES ? length : Math.min(length, TAIL_BYTES);
    }

    public boolean isEmpty() {
        return bytes == 0;
    }

    public Tokens tokens() {
        String end = tailText();
        String beginning = new String(head, 0, headLength, StandardCharsets.ISO_8859_1);
        String usage = after(USAGE, end, beginning);
        String timings = after(TIMINGS, end, beginning);
        long cached = first(number(usage, "cached_tokens"), number(timings, "cache_n"));
        long prompt = first(number(usage, "prompt_tokens"), number(usage, "input_tokens"));
        // Messages name what went in at their beginning and what came out at their end.
        if (prompt < 0) prompt = number(after(USAGE, beginning, ""), "input_tokens");
        if (prompt < 0 && number(timings, "prompt_n") >= 0) prompt = number(timings, "prompt_n") + Math.max(0, cached);
        long answer = first(
                first(number(usage, "completion_tokens"), number(usage, "output_tokens")),
                number(timings, "predicted_n"));
        return new Tokens(Math.max(0, prompt), Math.max(0, cached), Math.max(0, answer), Math.max(0, (long)
                (decimal(timings, "predicted_per_second") * MILLI)));
    }

    private String tailText() {
        if (bytes <= TAIL_BYTES) return new String(tail, 0, (int) bytes, StandardCharsets.ISO_8859_1);
        var text = new byte[TAIL_BYTES];
        System.arraycopy(tail, tailAt, text, 0, TAIL_BYTES - tailAt);
        System.arraycopy(tail, 0, text, TAIL_BYTES - tailAt, tailAt);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** The object that follows the last mention of {@code key}, to its end and what it may contain; empty without one. */
    private static String after(String key, String first, String second) {
        for (String text : new String[] {first, second}) {
            for (int at = text.lastIndexOf(key); at >= 0; at = text.lastIndexOf(key, at - 1)) {
                int from = at + key.length();
                while (from < text.length() && text.charAt(from) == ' ') from++;
                if (from < text.length() && text.charAt(from) == '{') return object(text, from);
                if (at == 0) break;
            }
        }
        return "";
    }

    /** Counts hold no strings, so braces are enough to find the end. */
    private static String object(String text, int from) {
        int depth = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '{') depth++;
            if (c == '}' && --depth == 0) return text.substring(from, i + 1);
        }
        return text.substring(from);
    }

    private static long first(long wanted, long otherwise) {
        return wanted >= 0 ? wanted : otherwise;
    }

    /** -1 = not there. */
    private static long number(String object, String key) {
        double value = decimal(object, key);
        return value < 0 || value > Integer.MAX_VALUE ? -1 : (long) value;
    }

    private static double decimal(String object, String key) {
        int at = object.indexOf('"' + key + "\":");
        if (at < 0) return -1;
        int from = at + key.length() + 3;
        while (from < object.length() && object.charAt(from) == ' ') from++;
        int to = from;
        while (to < object.length() && "0123456789.eE+-".indexOf(object.charAt(to)) >= 0) to++;
        try {
            return Double.parseDouble(object.substring(from, to));
        } catch (NumberFormatException none) {
            return -1;
        }
    }
}
