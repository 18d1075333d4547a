package mesh.core.openai;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * Finds what a conversation holds beside text, in any dialect that an engine speaks: whether there are pictures or sound
 * in it, and whether one of them is the address of something that the engine would have to fetch. Looks only where
 * parts of messages stand, so that a tool's arguments are not taken for them. The text is taken to be well-formed, which
 * {@link JsonScan} checks. Where the pieces are cut never changes the answer. Not thread-safe; one per document.
 */
final class PictureScan {
    /** Longer than every word that is looked for, and than the scheme of an address, with each letter as an escape. */
    private static final int TEXT_BYTES_MAX = 160;

    /** Twice as deep as parts within results within messages lie; what lies deeper is nothing to a conversation. */
    private static final int LEVELS = 16;

    /** Top-level members that hold messages. */
    private static final List<String> CONVERSATIONS = List.of("messages", "input");

    /** Members of messages, and of the results of tools, that hold parts. */
    private static final List<String> CONTENTS = List.of("content", "output");

    private static final List<String> PICTURES = List.of("image_url", "input_image", "image");
    private static final List<String> SOUNDS = List.of("input_audio", "audio_url");

    /** Members of parts that are an object which says where something is, or is it. */
    private static final List<String> PLACES =
            List.of("image_url", "source", "input_audio", "audio_url", "input_video", "video_url");

    /** The same as text. A bare {@code source} is somebody's word for something else. */
    private static final List<String> ADDRESSES = List.of("image_url", "audio_url", "video_url");

    private static final List<String> IN_PLACES = List.of("url", "data");

    private static final String DATA = "data:";

    /** What an object or array is to a conversation. */
    private enum Role {
        NOTHING,
        DOCUMENT,
        LIST,
        /** A message, or a part of one. */
        ITEM,
        PLACE
    }

    private final Role[] roles = new Role[LEVELS];
    private final boolean[] inObject = new boolean[LEVELS];
    private final byte[] text = new byte[TEXT_BYTES_MAX];
    private int depth;
    private int length;
    private boolean isInString;
    private boolean isEscape;
    private boolean isKeyNext;

    /** The string being read is wanted. */
    private boolean isKept;

    private String key = "";
    private boolean hasPictures;
    private boolean hasSound;
    private boolean pointsElsewhere;

    boolean hasPictures() {
        return hasPictures;
    }

    boolean hasSound() {
        return hasSound;
    }

    /** Whether a picture or sound is given by an address that is no data itself. */
    boolean pointsElsewhere() {
        return pointsElsewhere;
    }

    /** Takes the next piece; nothing of it is kept by reference. */
    void feed(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            // Most of a picture is one long string.
            if (isInString && !isEscape && (!isKept || length == TEXT_BYTES_MAX))
                while (b != '"' && b != '\\' && ++i < to) b = bytes[i];
            if (i == to) return;
            if (isInString) string(b);
            else outside(b);
        }
    }

    private void outside(byte b) {
        switch (b) {
            case '"' -> {
                isInString = true;
                length = 0;
                isKept = role() != Role.NOTHING;
            }
            case '{' -> open(true);
            case '[' -> open(false);
            case '}', ']' -> {
                if (depth > 0) depth--;
                isKeyNext = false;
            }
            case ',' -> isKeyNext = role() != Role.NOTHING && inObject[depth];
            default -> {}
        }
    }

    private void string(byte b) {
        if (!isEscape && b == '"') {
            isInString = false;
            if (isKept) ended();
            isKeyNext = false;
            return;
        }
        isEscape = !isEscape && b == '\\';
        if (isKept && length < TEXT_BYTES_MAX) text[length++] = b;
    }

    /** What the innermost object or array is. */
    private Role role() {
        return depth == 0 || depth >= LEVELS ? Role.NOTHING : roles[depth];
    }

    private void open(boolean isObject) {
        Role role = depth == 0 ? Role.DOCUMENT : child(isObject);
        depth++;
        isKeyNext = isObject;
        if (depth >= LEVELS) return;
        roles[depth] = role;
        inObject[depth] = isObject;
    }

    private Role child(boolean isObject) {
        Role inner = isObject ? Role.ITEM : Role.LIST;
        return switch (role()) {
            case DOCUMENT -> CONVERSATIONS.contains(key) ? inner : Role.NOTHING;
            case LIST -> inner;
            case ITEM -> CONTENTS.contains(key) ? inner : isObject && PLACES.contains(key) ? Role.PLACE : Role.NOTHING;
            case NOTHING, PLACE -> Role.NOTHING;
        };
    }

    private void ended() {
        if (isKeyNext) {
            key = words();
            return;
        }
        switch (role()) {
            case ITEM -> {
                if (key.equals("type")) kind(words());
                else if (ADDRESSES.contains(key)) place(words());
            }
            case PLACE -> {
                if (IN_PLACES.contains(key)) place(words());
            }
            case NOTHING, DOCUMENT, LIST -> {}
        }
    }

    private void kind(String type) {
        hasPictures |= PICTURES.contains(type);
        hasSound |= SOUNDS.contains(type);
    }

    /** Base64 alone has no colon, and Anthropic's words for what a source is have none either. */
    private void place(String said) {
        int colon = said.indexOf(':');
        pointsElsewhere |= colon >= 0
                && !said.substring(0, colon + 1).toLowerCase(Locale.ROOT).equals(DATA);
    }

    /** What is longer than is kept ends before the escape that may have been cut. */
    private String words() {
        int end = 0;
        while (end < length) {
            int step = text[end] != '\\' ? 1 : end + 1 < length && text[end + 1] == 'u' ? 6 : 2;
            if (end + step > length) break;
            end += step;
        }
        return JsonScan.unquoted(new String(text, 0, end, StandardCharsets.ISO_8859_1));
    }
}
