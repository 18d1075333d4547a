package mesh.core.openai;

import java.util.List;
import java.util.Optional;

/**
 * What a proxy must know of a request body to carry it: which model, and whether the answer is a stream. Fed with the
 * body's pieces as they arrive, wherever they are cut, even when {@code model} comes after 30 MB. Text that cannot be
 * one JSON object is noticed at the first wrong byte. Not thread-safe; one per body.
 */
public final class ModelPeek {
    private static final List<String> WANTED = List.of(
            "model",
            "stream",
            "stream_options",
            "prompt_cache_key",
            "system",
            "instructions",
            "messages",
            "prompt",
            "input");
    private static final String MODEL = "model";
    private static final String STREAM = "stream";
    private static final String STREAM_OPTIONS = "stream_options";
    private static final String INCLUDE_USAGE = "include_usage";

    /** Where a prompt stands, in the order of preference: what comes first in the engine's cache comes first here. */
    private static final List<String> PROMPTS = List.of("system", "instructions", "messages", "prompt", "input");

    /** The key some callers give to say what shares a cache. */
    private static final String CACHE_KEY = "prompt_cache_key";

    /** Less is computed again sooner than it is looked up. */
    private static final int PREFIX_BYTES_MIN = 256;

    private final JsonScan scan = new JsonScan(WANTED);

    /** Takes the next piece of the body; the array may be reused afterwards. */
    public void feed(byte[] bytes, int from, int to) {
        scan.feed(bytes, from, to);
    }

    /** Why this body is not one JSON object; empty while it still may become one. */
    public Optional<String> fault() {
        return scan.fault();
    }

    /** Whether the object has ended; only space may follow. */
    public boolean isWhole() {
        return scan.isWhole();
    }

    public Named model() {
        if (scan.isTooLong(MODEL)) return new Named.Odd("longer than " + JsonScan.VALUE_BYTES_MAX + " bytes");
        Optional<String> raw = scan.raw(MODEL);
        if (raw.isEmpty() || raw.get().equals("null")) return new Named.Absent();
        String value = raw.get();
        if (value.charAt(0) != '"') return new Named.Odd("not a string");
        String name = JsonScan.unquoted(value.substring(1, value.length() - 1));
        return name.isEmpty() ? new Named.Absent() : new Named.Model(name);
    }

    public boolean isStream() {
        return scan.raw(STREAM).filter("true"::equals).isPresent();
    }

    /**
     * The same for requests that begin with the same {@value JsonScan#VALUE_BYTES_MAX} bytes of prompt, or name the same
     * cache; 0 when there is too little to tell by.
     */
    public long prefixHash() {
        Optional<String> key = scan.raw(CACHE_KEY).filter(raw -> raw.length() > 2 && raw.startsWith("\""));
        if (key.isPresent()) return hash(key.get().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (String name : PROMPTS) {
            byte[] beginning = scan.beginning(name);
            if (beginning.length >= PREFIX_BYTES_MIN) return hash(beginning);
        }
        return 0;
    }

    /** FNV-1a over all 64 bits; 0 is kept for none. */
    private static long hash(byte[] bytes) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : bytes) hash = (hash ^ b) * 0x100000001b3L;
        return hash == 0 ? 1 : hash;
    }

    /** Whether the caller asked for a last chunk with token counts. */
    public boolean isUsageWanted() {
        return scan.raw(STREAM_OPTIONS)
                .filter(options -> options.startsWith("{"))
                .map(ModelPeek::includesUsage)
                .orElse(false);
    }

    private static boolean includesUsage(String options) {
        var inner = new JsonScan(List.of(INCLUDE_USAGE));
        byte[] bytes = options.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        inner.feed(bytes, 0, bytes.length);
        return inner.raw(INCLUDE_USAGE).filter("true"::equals).isPresent();
    }

    /** Which model a body names. An absent, null or empty name leaves the choice to the node. */
    public sealed interface Named {
        /** As the caller wrote it: not yet known to be a model, nor printable. */
        record Model(String name) implements Named {}

        record Absent() implements Named {}

        record Odd(String why) implements Named {}
    }
}
