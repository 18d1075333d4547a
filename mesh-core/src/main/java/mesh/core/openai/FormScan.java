package mesh.core.openai;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a {@code multipart/form-data} body piece by piece and keeps a few wanted fields; files are passed over without
 * being held. Where the pieces are cut never changes the answer. A field named twice counts once, the first time, as
 * llama-server has it. Not thread-safe; one per body.
 */
final class FormScan implements ModelPeek.Body {
    /** The head of a part names a field and perhaps a file. */
    private static final int HEAD_BYTES_MAX = 8_192;

    private static final int BOUNDARY_CHARS_MAX = 70;
    private static final Pattern BOUNDARY =
            Pattern.compile(";\\s*boundary=(?:\"([^\"]+)\"|([^;\\s\"]+))", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME =
            Pattern.compile("(?im)^content-disposition:[^\\r\\n]*;\\s*name=(?:\"([^\"\\r\\n]*)\"|([^;\\s]+))");
    private static final byte[] HEAD_END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private enum At {
        CONTENT,
        AFTER_DELIMITER,
        HEAD,
        END,
        BROKEN
    }

    private final List<String> wanted;
    private final byte[] delimiter;
    private final int[] delimiterFallback;
    private final int[] headFallback = fallback(HEAD_END);
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final StringBuilder kept = new StringBuilder();

    private At at = At.CONTENT;
    private String field = "";
    private boolean isTooLong;
    private String fault = "";

    /** How much of the delimiter, or of the head's end, the last bytes are. The body may begin with a delimiter. */
    private int matched = 2;

    private int dashes;
    private String tooLongField = "";

    FormScan(String boundary, List<String> wanted) {
        this.wanted = List.copyOf(wanted);
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        this.delimiterFallback = fallback(delimiter);
        if (boundary.isEmpty() || boundary.length() > BOUNDARY_CHARS_MAX) broken("its content type names no boundary");
    }

    /** The boundary that a content type names; empty when it names none. */
    static String boundary(String contentType) {
        Matcher found = BOUNDARY.matcher(contentType);
        if (!found.find()) return "";
        return found.group(1) != null ? found.group(1) : found.group(2);
    }

    @Override
    public void feed(byte[] bytes, int from, int to) {
        for (int i = from; i < to && at != At.BROKEN && at != At.END; i++) step(bytes[i]);
    }

    @Override
    public Optional<String> fault() {
        return at == At.BROKEN ? Optional.of(fault) : Optional.empty();
    }

    @Override
    public boolean isWhole() {
        return at == At.END;
    }

    /** The field as a JSON string, since that is what its readers take. */
    @Override
    public Optional<String> raw(String name) {
        return Optional.ofNullable(fields.get(name)).map(FormScan::quoted);
    }

    @Override
    public boolean isTooLong(String name) {
        return tooLongField.equals(name);
    }

    /** What a form carries is a file, and no prompt. */
    @Override
    public byte[] beginning(String name) {
        return new byte[0];
    }

    @Override
    public ApiError error(String why) {
        return ApiError.notForm(why);
    }

    private void step(byte b) {
        switch (at) {
            case CONTENT -> content(b);
            case AFTER_DELIMITER -> afterDelimiter(b);
            case HEAD -> head(b);
            case END, BROKEN -> {}
        }
    }

    private void content(byte b) {
        keep(b, JsonScan.VALUE_BYTES_MAX + delimiter.length);
        matched = advance(delimiter, delimiterFallback, matched, b);
        if (matched < delimiter.length) return;
        keepField();
        kept.setLength(0);
        dashes = 0;
        at = At.AFTER_DELIMITER;
    }

    /** A delimiter is followed by two dashes, which end the form, or by a line end and the next part. */
    private void afterDelimiter(byte b) {
        if (b == '-' && ++dashes == 2) at = At.END;
        else if (b == '\n' && dashes == 0) {
            field = "";
            isTooLong = false;
            // A part without any head begins with an empty line.
            matched = 2;
            at = At.HEAD;
        } else if (b != '-' && b != '\r' && b != ' ' && b != '\t') broken("text after a boundary");
    }

    private void head(byte b) {
        keep(b, HEAD_BYTES_MAX);
        matched = advance(HEAD_END, headFallback, matched, b);
        if (isTooLong) {
            broken("a part's head is longer than " + HEAD_BYTES_MAX + " bytes");
            return;
        }
        if (matched < HEAD_END.length) return;
        Matcher name = NAME.matcher(kept);
        field = name.find() ? (name.group(1) != null ? name.group(1) : name.group(2)) : "";
        boolean isFile = kept.toString().toLowerCase(Locale.ROOT).contains("filename");
        if (isFile || !wanted.contains(field)) field = "";
        kept.setLength(0);
        matched = 0;
        at = At.CONTENT;
    }

    private void keep(byte b, int bytesMax) {
        if (at == At.CONTENT && field.isEmpty()) return;
        if (kept.length() >= bytesMax) isTooLong = true;
        else kept.append((char) (b & 0xff));
    }

    private void keepField() {
        if (field.isEmpty() || fields.containsKey(field)) return;
        if (isTooLong) {
            tooLongField = field;
            return;
        }
        String latin = kept.substring(0, kept.length() - delimiter.length);
        fields.put(field, new String(latin.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    private void broken(String why) {
        fault = why;
        at = At.BROKEN;
    }

    private static String quoted(String text) {
        var json = new StringBuilder("\"");
        com.fasterxml.jackson.core.io.JsonStringEncoder.getInstance().quoteAsString(text, json);
        return json.append('"').toString();
    }

    private static int advance(byte[] pattern, int[] fallback, int matched, byte b) {
        int length = matched;
        while (length > 0 && (length == pattern.length || pattern[length] != b)) length = fallback[length - 1];
        return pattern[length] == b ? length + 1 : length;
    }

    /** How much of the pattern still matches when the byte after {@code i + 1} matched ones does not (Knuth, Morris, Pratt). */
    private static int[] fallback(byte[] pattern) {
        int[] fallback = new int[pattern.length];
        int length = 0;
        for (int i = 1; i < pattern.length; i++) {
            while (length > 0 && pattern[i] != pattern[length]) length = fallback[length - 1];
            if (pattern[i] == pattern[length]) length++;
            fallback[i] = length;
        }
        return fallback;
    }
}
