package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import mesh.testnet.node.RealNode;

/**
 * Pictures for the README, taken of real daemons on the way of a test when {@code -Dmesh.pictures=true} asks for them.
 * They lie in git, so they are small: one window's size, and no more colours than one byte counts.
 */
final class Picture {
    private static final boolean ARE_WANTED = Boolean.getBoolean("mesh.pictures");
    private static final int WIDTH = 1_120;
    private static final int HEIGHT = 700;
    private static final int COLOURS_MAX = 128;
    private static final long BYTES_MAX = 60_000;

    /** Nodes on the map move to their places for half a second. */
    private static final double SETTLED_MILLIS = 700;

    private Picture() {}

    static void keep(Page page, String name) throws IOException {
        if (!ARE_WANTED) return;
        var before = page.viewportSize();
        page.setViewportSize(WIDTH, HEIGHT);
        page.evaluate("scrollTo(0, 0)");
        page.waitForTimeout(SETTLED_MILLIS);
        BufferedImage shot = ImageIO.read(new ByteArrayInputStream(page.screenshot()));
        page.setViewportSize(before.width, before.height);
        Path file =
                RealNode.jar().resolve("../../../../docs/pictures").normalize().resolve(name + ".png");
        Files.createDirectories(file.getParent());
        ImageIO.write(fewColoured(shot), "png", file.toFile());
        assertThat(file.toFile().length()).as(file + " in bytes").isLessThan(BYTES_MAX);
    }

    /** The most frequent colours stay; every other becomes the one of them that is nearest. */
    private static BufferedImage fewColoured(BufferedImage shot) {
        var counts = new HashMap<Integer, Integer>();
        for (int y = 0; y < shot.getHeight(); y++)
            for (int x = 0; x < shot.getWidth(); x++) counts.merge(shot.getRGB(x, y), 1, Integer::sum);
        List<Integer> kept = counts.entrySet().stream()
                .sorted(Map.Entry.<Integer, Integer>comparingByValue().reversed())
                .limit(COLOURS_MAX)
                .map(Map.Entry::getKey)
                .toList();
        int[] colours = kept.stream().mapToInt(Integer::intValue).toArray();
        var model = new IndexColorModel(8, colours.length, colours, 0, false, -1, 0);
        var few = new BufferedImage(shot.getWidth(), shot.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, model);
        var nearest = new LinkedHashMap<Integer, Integer>();
        for (int y = 0; y < shot.getHeight(); y++)
            for (int x = 0; x < shot.getWidth(); x++)
                few.getRaster()
                        .setSample(x, y, 0, nearest.computeIfAbsent(shot.getRGB(x, y), c -> nearest(c, colours)));
        return few;
    }

    private static int nearest(int colour, int[] colours) {
        int best = 0;
        for (int i = 1; i < colours.length; i++)
            if (distance(colour, colours[i]) < distance(colour, colours[best])) best = i;
        return best;
    }

    private static int distance(int a, int b) {
        int sum = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int apart = ((a >> shift) & 0xff) - ((b >> shift) & 0xff);
            sum += apart * apart;
        }
        return sum;
    }
}
