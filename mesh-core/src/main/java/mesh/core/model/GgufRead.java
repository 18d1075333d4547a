package mesh.core.model;

import java.util.Locale;

/** What came of reading a model file's header. */
public sealed interface GgufRead {
    record Read(GgufHeader header) implements GgufRead {}

    /** The file cannot be served, and why; {@code message} is for people and carries the numbers. */
    record Refused(Reason reason, String message) implements GgufRead {}

    /** Stable codes: they stand in logs, in {@code mesh status} and in the API's errors. */
    enum Reason {
        NOT_GGUF,
        BIG_ENDIAN,
        UNSUPPORTED_VERSION,
        CUT_HEADER,
        CUT_DATA,
        TOO_LONG_HEADER,
        TOO_MANY_KEYS,
        TOO_MANY_TENSORS,
        TOO_DEEP_LISTS,
        TOO_LONG_NAME,
        BAD_VALUE,
        BAD_ALIGNMENT,
        BAD_TENSOR,
        DUPLICATE_KEY,
        DUPLICATE_TENSOR,
        NO_ARCHITECTURE,
        MISSING_PART,
        MIXED_PARTS;

        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
