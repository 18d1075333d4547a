package mesh.core.openai;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a proxy must know of a request body to carry it: which model, what beside text is in it, and whether the answer is
 * a stream. Fed with the
 * body's pieces as they arrive, wherever they are cut, even when {@code model} comes after 30 MB. A body is one JSON
 * object or a form in parts; text that can be neither is noticed at the first wrong byte. Not thread-safe; one per body.
 */
public final class ModelPeek {
    private static final List<String> WANTED =
            List.of("model", "stream", "prompt_cache_key", "system", "instructions", "messages", "prompt", "input");
    private static final String MODEL = "model";
    private static final String STREAM = "stream";
    private static final String FORM = "multipart/form-data";

    /** Where a prompt stands, in the order of preference: what comes first in the engine's cache comes first here. */
    private static final List<String> PROMPTS = List.of("system", "instructions", "messages", "prompt", "input");

    /** The key some callers give to say what shares a cache. */
    private static final String CACHE_KEY = "prompt_cache_key";

    /** Less is computed again sooner than it is looked up. */
    private static final int PREFIX_BYTES_MIN = 256;

    private final Body body;

    public ModelPeek() {
        this(new Json());
    }

    private ModelPeek(Body body) {
        this.body = body;
    }

    /** {@code contentType} as the caller sent it; whatever is no form is taken for JSON, as engines do. */
    public static ModelPeek of(String contentType) {
        if (!contentType.toLowerCase(Locale.ROOT).startsWith(FORM)) return new ModelPeek();
        return new ModelPeek(new FormScan(FormScan.boundary(contentType), List.of(MODEL, STREAM)));
    }

    /** Takes the next piece of the body; the array may be reused afterwards. */
    public void feed(byte[] bytes, int from, int to) {
        body.feed(bytes, from, to);
    }

    /** Why this body is not what it says it is; empty while it still may become that. */
    public Optional<ApiError> fault() {
        return body.fault().map(body::error);
    }

    /** Whether the object or form has ended; only space may follow. */
    public boolean isWhole() {
        return body.isWhole();
    }

    /** What to answer when the body has ended and is not whole. */
    public ApiError cut() {
        return body.error("it ends too early");
    }

    public Named model() {
        if (body.isTooLong(MODEL)) return new Named.Odd("longer than " + JsonScan.VALUE_BYTES_MAX + " bytes");
        Optional<String> raw = body.raw(MODEL);
        if (raw.isEmpty() || raw.get().equals("null")) return new Named.Absent();
        String value = raw.get();
        if (value.charAt(0) != '"') return new Named.Odd("not a string");
        String name = JsonScan.unquoted(value.substring(1, value.length() - 1));
        return name.isEmpty() ? new Named.Absent() : new Named.Model(name);
    }

    public boolean isStream() {
        return body.raw(STREAM)
                .filter(value -> value.equals("true") || value.equals("\"true\""))
                .isPresent();
    }

    /** Whether the conversation holds pictures. */
    public boolean hasPictures() {
        return body.pictures().hasPictures();
    }

    public boolean hasSound() {
        return body.pictures().hasSound();
    }

    /** Whether a picture or sound is given by an address from which the engine would have to fetch it. */
    public boolean pointsElsewhere() {
        return body.pictures().pointsElsewhere();
    }

    /**
     * The same for requests that begin with the same {@value JsonScan#VALUE_BYTES_MAX} bytes of prompt, or name the same
     * cache; 0 when there is too little to tell by.
     */
    public long prefixHash() {
        Optional<String> key = body.raw(CACHE_KEY).filter(raw -> raw.length() > 2 && raw.startsWith("\""));
        if (key.isPresent()) return hash(key.get().getBytes(StandardCharsets.UTF_8));
        for (String name : PROMPTS) {
            byte[] beginning = body.beginning(name);
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

    /** Which model a body names. An absent, null or empty name leaves the choice to the node. */
    public sealed interface Named {
        /** As the caller wrote it: not yet known to be a model, nor printable. */
        record Model(String name) implements Named {}

        record Absent() implements Named {}

        record Odd(String why) implements Named {}
    }

    /** A body in one of its forms: wanted members by name, as JSON values. */
    interface Body {
        void feed(byte[] bytes, int from, int to);

        Optional<String> fault();

        boolean isWhole();

        Optional<String> raw(String name);

        boolean isTooLong(String name);

        /** As much of a member's value as is kept; empty where none is. */
        byte[] beginning(String name);

        /** Of a form nothing: its files are what its path is for. */
        default PictureScan pictures() {
            return new PictureScan();
        }

        ApiError error(String why);
    }

    private static final class Json implements Body {
        private final JsonScan scan = new JsonScan(WANTED);
        private final PictureScan pictures = new PictureScan();

        @Override
        public void feed(byte[] bytes, int from, int to) {
            scan.feed(bytes, from, to);
            if (scan.fault().isEmpty()) pictures.feed(bytes, from, to);
        }

        @Override
        public PictureScan pictures() {
            return pictures;
        }

        @Override
        public Optional<String> fault() {
            return scan.fault();
        }

        @Override
        public boolean isWhole() {
            return scan.isWhole();
        }

        @Override
        public Optional<String> raw(String name) {
            return scan.raw(name);
        }

        @Override
        public boolean isTooLong(String name) {
            return scan.isTooLong(name);
        }

        @Override
        public byte[] beginning(String name) {
            return scan.beginning(name);
        }

        @Override
        public ApiError error(String why) {
            return ApiError.notJson(why);
        }
    }
}
