package mesh.core.openai;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds what an answer cost while the answer passes by, whole or as events, in any dialect that an engine speaks: the
 * {@code usage} and {@code timings} objects, wherever they stand. Of several, later ones count, number by number, which
 * is how streams tell it. Text cannot pass for such an object, since its quotes are escaped. Where the pieces are cut
 * never changes the answer; memory is bounded by one such object. Not thread-safe; one per answer.
 */
public final class UsageScan {
    /** Several times what any engine writes there. */
    private static final int OBJECT_BYTES_MAX = 4_096;

    private static final byte[] USAGE = "\"usage\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TIMINGS = "\"timings\"".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern NUMBER = Pattern.compile("\"(\\w+)\"\\s*:\\s*(\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)");

    private final Map<String, Double> numbers = new LinkedHashMap<>();
    private final byte[] object = new byte[OBJECT_BYTES_MAX];
    private byte[] key = USAGE;
    private int matched;
    private int length;
    private int depth;
    private boolean isInString;
    private byte last;

    /** Takes the next piece of the answer; the array may be reused afterwards. */
    public void feed(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if (depth > 0) inObject(b);
            else if (matched > 0) inKey(b);
            else if (b == '"' && last != '\\') matched = 1;
            last = b;
        }
    }

    /** What was seen so far; nothing if the engine said nothing. */
    public Optional<Usage> usage() {
        if (numbers.isEmpty()) return Optional.empty();
        double timed = of("prompt_n") + of("cache_n");
        // Anthropic counts the cached tokens apart, the others count them in.
        double read = of("cache_read_input_tokens");
        double input = of("input_tokens") + read + of("cache_creation_input_tokens");
        double prompt = numbers.containsKey("prompt_tokens") ? of("prompt_tokens") : input > 0 ? input : timed;
        double cached = numbers.containsKey("cached_tokens") ? of("cached_tokens") : read > 0 ? read : of("cache_n");
        double completion = numbers.containsKey("completion_tokens")
                ? of("completion_tokens")
                : numbers.containsKey("output_tokens") ? of("output_tokens") : of("predicted_n");
        return Optional.of(
                new Usage((long) prompt, (long) cached, (long) completion, of("prompt_ms"), of("predicted_ms")));
    }

    private double of(String name) {
        return numbers.getOrDefault(name, 0.0);
    }

    private void inKey(byte b) {
        if (matched == 1) key = b == 't' ? TIMINGS : USAGE;
        boolean isKeyRead = matched >= key.length;
        if (!isKeyRead && b == key[matched]) matched++;
        else if (isKeyRead && b == ':' && matched == key.length) matched++;
        else if (isKeyRead && b == '{' && matched == key.length + 1) open();
        else if (!isKeyRead || b != ' ') matched = b == '"' ? 1 : 0;
    }

    private void open() {
        matched = 0;
        length = 0;
        depth = 1;
        isInString = false;
    }

    private void inObject(byte b) {
        if (b == '"' && last != '\\') isInString = !isInString;
        else if (!isInString && b == '{') depth++;
        else if (!isInString && b == '}') depth--;
        if (length == OBJECT_BYTES_MAX) depth = 0;
        else object[length++] = b;
        if (depth == 0 && b == '}' && !isInString) keepNumbers();
    }

    private void keepNumbers() {
        Matcher found = NUMBER.matcher(new String(object, 0, length, StandardCharsets.UTF_8));
        while (found.find()) numbers.put(found.group(1), Double.parseDouble(found.group(2)));
    }
}
