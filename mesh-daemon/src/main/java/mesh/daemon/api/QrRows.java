package mesh.daemon.api;

import io.nayuki.qrcodegen.DataTooLongException;
import io.nayuki.qrcodegen.QrCode;
import java.util.ArrayList;
import java.util.List;

/** A text as the rows of a QR code, {@code 1} for black, without the margin that must stand around it. Stateless. */
public final class QrRows {
    private QrRows() {}

    /** Empty when the text is too long for any code. */
    public static List<String> of(String text) {
        QrCode code;
        try {
            code = QrCode.encodeText(text, QrCode.Ecc.LOW);
        } catch (DataTooLongException tooLong) {
            return List.of();
        }
        var rows = new ArrayList<String>();
        for (int y = 0; y < code.size; y++) {
            var row = new StringBuilder(code.size);
            for (int x = 0; x < code.size; x++) row.append(code.getModule(x, y) ? '1' : '0');
            rows.add(row.toString());
        }
        return rows;
    }
}
