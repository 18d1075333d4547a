package mesh.daemon.cli;

import io.nayuki.qrcodegen.DataTooLongException;
import io.nayuki.qrcodegen.QrCode;
import java.util.ArrayList;
import java.util.List;

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
        QrCode code;
        try {
            code = QrCode.encodeText(text, QrCode.Ecc.LOW);
        } catch (DataTooLongException tooLong) {
            return List.of();
        }
        int width = code.size + 2 * MARGIN;
        if (width > columns) return List.of();
        var lines = new ArrayList<String>();
        for (int y = -MARGIN; y < code.size + MARGIN; y += 2) {
            var line = new StringBuilder(BLACK_ON_WHITE);
            for (int x = -MARGIN; x < code.size + MARGIN; x++)
                line.append(block(code.getModule(x, y), code.getModule(x, y + 1)));
            lines.add(line.append(PLAIN).toString());
        }
        return lines;
    }

    private static char block(boolean isUpperBlack, boolean isLowerBlack) {
        if (isUpperBlack) return isLowerBlack ? '█' : '▀';
        return isLowerBlack ? '▄' : ' ';
    }
}
