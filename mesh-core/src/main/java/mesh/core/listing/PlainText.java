package mesh.core.listing;

/**
 * Words of strangers, made fit to be shown in a terminal or a page: nothing that moves the cursor, turns the direction of
 * writing or is not there to be seen, and no more than fits. Stateless.
 */
public final class PlainText {
    private PlainText() {}

    /** The visible part of {@code text}, cut to {@code charsMax}; a pair of surrogates is kept whole or dropped. */
    public static String of(String text, int charsMax) {
        var shown = new StringBuilder();
        for (int at = 0; at < text.length(); ) {
            int point = text.codePointAt(at);
            int chars = Character.charCount(point);
            if (shown.length() + chars > charsMax) break;
            if (isShown(point)) shown.appendCodePoint(point);
            at += chars;
        }
        return shown.toString().strip();
    }

    private static boolean isShown(int point) {
        return switch (Character.getType(point)) {
            // FORMAT holds the direction overrides, the zero-width characters and the tags.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
