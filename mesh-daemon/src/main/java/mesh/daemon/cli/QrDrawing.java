package mesh.daemon.cli;

import java.util.ArrayList;
import java.util.List;
import mesh.daemon.api.QrRows;

/**
 * A QR code as lines of a terminal: two rows of dots to a line of half blocks, black on white whatever the terminal's
 * own colours are, because cameras want it that way round. Stateless.
 */
final class QrDrawing {
    /** What the standard asks for around a code. */
    private static final int MARGIN = 4;

    private static final String BLACK_ON_WHITE = "\u001b[30;107m";
    private static final String PLAIN = "\u001b[0m";

    private QrDrawing() {}

    /** Empty when a terminal of so many columns cannot show it. */
    static List<String> lines(String text, int columns) {
        List<String> rows = QrRows.of(text);
        int size = rows.size();
        if (size == 0 || size + 2 * MARGIN > columns) return List.of();
        var lines = new ArrayList<String>();
        for (int y = -MARGIN; y < size + MARGIN; y += 2) {
            var line = new StringBuilder(BLACK_ON_WHITE);
            for (int x = -MARGIN; x < size + MARGIN; x++)
                line.append(block(isBlack(rows, x, y), isBlack(rows, x, y + 1)));
            lines.add(line.append(PLAIN).toString());
        }
        return lines;
    }

    private static boolean isBlack(List<String> rows, int x, int y) {
        boolean isInside = x >= 0 && y >= 0 && x < rows.size() && y < rows.size();
        return isInside && rows.get(y).charAt(x) == '1';
    }

    private static char block(boolean isUpperBlack, boolean isLowerBlack) {
        if (isUpperBlack) return isLowerBlack ? '█' : '▀';
        return isLowerBlack ? '▄' : ' ';
    }
}
