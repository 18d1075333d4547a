package mesh.daemon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.LuminanceSource;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class QrDrawingTest {
    /** As long as real invites are. */
    private static final String INVITE = "mesh --join mesh1." + "hGttZXNoLWludml0ZVi5-_".repeat(36);

    private static final int PIXELS = 4;

    @Test
    void readerSeesTheWholeCommand() throws Exception {
        List<String> lines = QrDrawing.lines(INVITE, 160);

        var picture = new BinaryBitmap(new HybridBinarizer(picture(lines)));
        assertThat(new QRCodeReader().decode(picture).getText()).isEqualTo(INVITE);
    }

    @Test
    void nothingIsDrawnWhereItWouldWrap() {
        int width = plain(QrDrawing.lines(INVITE, 1_000).getFirst()).length();

        assertThat(QrDrawing.lines(INVITE, width)).isNotEmpty();
        assertThat(QrDrawing.lines(INVITE, width - 1)).isEmpty();
    }

    @Test
    void textThatNoCodeHoldsIsNotDrawn() {
        assertThat(QrDrawing.lines("x".repeat(5_000), 1_000)).isEmpty();
    }

    private static String plain(String line) {
        return line.replaceAll("\u001b\\[[0-9;]*m", "");
    }

    /** What a camera would see of the terminal. */
    private static LuminanceSource picture(List<String> lines) {
        int width = plain(lines.getFirst()).length() * PIXELS;
        int height = lines.size() * 2 * PIXELS;
        int[] pixels = new int[width * height];
        for (int y = 0; y < height; y++) {
            String line = plain(lines.get(y / PIXELS / 2));
            boolean isUpper = y / PIXELS % 2 == 0;
            for (int x = 0; x < width; x++) {
                char block = line.charAt(x / PIXELS);
                boolean isBlack = block == '█' || block == (isUpper ? '▀' : '▄');
                pixels[y * width + x] = isBlack ? 0xff000000 : 0xffffffff;
            }
        }
        return new RGBLuminanceSource(width, height, pixels);
    }
}
