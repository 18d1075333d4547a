package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chat with models of a feed of one's own: {@code eyes} takes pictures, {@code small} does not, of {@code dark} nobody
 * has said. What a real model answers about a picture is seen in {@link PagesIT}.
 */
class ChatIT {
    private static final int SIDE_PIXELS_MAX = 1_568;
    private static final String PLACE = "59.9139 N 10.7522 E";

    private static final int PARAGRAPHS = 120;
    private static final int PIECE_CHARS = 12;
    private static final int ANSWERS = 2;

    /** Twice what it is, with code that the browser has got ready meanwhile; the fault that this found took 3 MB. */
    private static final long GROWTH_BYTES_MAX = 1_000_000;

    @TempDir
    Path folder;

    private FakeFeed feed;

    @BeforeEach
    void start() throws IOException {
        Chromium.orSkip();
        feed = new FakeFeed()
                .with(Map.of("self", Map.of("name", "ada", "version", "0.1.0")))
                .with(Map.of("model/eyes", model("eyes", "chat", "vision")))
                .with(Map.of("model/small", model("small", "chat")))
                .with(Map.of("model/dark", model("dark")));
    }

    @AfterEach
    void stop() {
        feed.close();
    }

    private static Map<String, Object> model(String name, String... skills) {
        var model = new LinkedHashMap<String, Object>(Map.of("name", name, "state", "ready"));
        if (skills.length > 0) model.put("skills", List.of(skills));
        return model;
    }

    @Test
    void photoIsSentSmallUprightAndWithoutWhereItWasTaken() throws Exception {
        try (Tab tab = Tab.open(feed.root(), "chat", Tab.PHONE, ColorScheme.LIGHT)) {
            choose(tab, "eyes");
            var button = button(tab, "Attach pictures").boundingBox();
            assertThat(Math.min(button.width, button.height)).isGreaterThanOrEqualTo(44);

            attach(tab, new FilePayload("photo.png", "image/png", photoOnItsSide(2_100, 1_400)));
            tab.awaitShown(tab.page().getByAltText("Attached picture 1"));
            tab.inspect("chat-attached");
            say(tab, "What is this?");
            tab.awaitShown(button(tab, "regenerate"));
            tab.awaitShown(tab.page().locator(".picture img"));
            tab.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
            tab.inspect("chat-photo");

            JsonNode content = feed.questions().getFirst().at("/messages/0/content");
            assertThat(content.at("/1/text").asText()).isEqualTo("What is this?");
            assertThat(content.at("/0/type").asText()).isEqualTo("image_url");
            byte[] sent = sent(content);
            BufferedImage picture = ImageIO.read(new ByteArrayInputStream(sent));
            assertThat(List.of(picture.getWidth(), picture.getHeight())).containsExactly(1_045, SIDE_PIXELS_MAX);
            assertThat(new String(sent, StandardCharsets.ISO_8859_1))
                    .startsWith("\u00ff\u00d8")
                    .doesNotContain(PLACE);
        }
    }

    @Test
    void pictureStaysWithItsConversationAndGoesWithIt() throws Exception {
        try (Tab tab = Tab.open(feed.root(), "chat")) {
            choose(tab, "eyes");
            attach(tab, new FilePayload("red", "", png(0xff0000, 40)), new FilePayload("blue", "", png(0xff, 640)));
            tab.awaitShown(tab.page().getByAltText("Attached picture 2"));
            button(tab, "Send").click();
            tab.awaitShown(button(tab, "regenerate"));
            assertThat(picturesOf(0)).hasSize(2);

            tab.page().reload();
            for (ColorScheme theme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                tab.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(theme));
                tab.awaitShown(tab.page().locator(".picture img >> nth=1"));
                tab.inspect(Tab.named("chat-pictures", theme, Tab.WIDE));
            }
            button(tab, "Open picture 2 of 2").focus();
            tab.page().keyboard().press("Enter");
            tab.awaitShown(tab.page().getByRole(AriaRole.DIALOG).getByAltText("Picture 2 of 2"));
            tab.inspect("chat-picture-open");
            tab.page().keyboard().press("Escape");
            tab.awaitGone(tab.page().getByRole(AriaRole.DIALOG));
            assertThat(button(tab, "Open picture 2 of 2").evaluate("node => node === document.activeElement"))
                    .isEqualTo(true);

            button(tab, "regenerate").click();
            tab.awaitText("2/2");
            tab.awaitShown(button(tab, "regenerate"));
            button(tab, "edit").click();
            tab.page().getByLabel("Say it differently").fill("Which is red?");
            button(tab, "Send as a branch").click();
            tab.awaitText("Which is red?");
            tab.awaitShown(button(tab, "regenerate"));
            assertThat(feed.questions()).hasSize(3);
            assertThat(picturesOf(1)).isEqualTo(picturesOf(0));
            assertThat(picturesOf(2)).isEqualTo(picturesOf(0));

            Path file = folder.resolve("kept.json");
            tab.page().waitForDownload(() -> button(tab, "export").click()).saveAs(file);
            button(tab, "delete all").click();
            button(tab, "Delete all").click();
            tab.awaitText("Nothing was said yet.");
            assertThat(kept(tab)).isZero();
            tab.page().getByLabel("A file with conversations").setInputFiles(file);
            tab.page().locator(".chat-row a").click();
            tab.awaitShown(tab.page().locator(".picture img >> nth=1"));
            assertThat(kept(tab)).isEqualTo(2);
        }
    }

    /** The pictures in the browser's keeping, once all that was begun before is written. */
    private static int kept(Tab tab) {
        return (Integer) tab.page().evaluate("""
                () => new Promise((resolve, reject) => {
                  const asked = indexedDB.open('mesh')
                  asked.onerror = () => reject(asked.error)
                  asked.onsuccess = () => {
                    const counted = asked.result.transaction('pictures').objectStore('pictures').count()
                    counted.onsuccess = () => resolve(counted.result)
                    asked.result.close()
                  }
                })""");
    }

    private List<String> picturesOf(int question) {
        var urls = new ArrayList<String>();
        for (JsonNode part : feed.questions().get(question).at("/messages/0/content"))
            if (part.has("image_url")) urls.add(part.at("/image_url/url").asText());
        return urls;
    }

    @Test
    void pictureIsPastedDroppedAndTakenOff() throws Exception {
        try (Tab tab = Tab.open(feed.root(), "chat")) {
            choose(tab, "eyes");
            hand(tab, "paste", "textarea[aria-label=Message]");
            tab.awaitShown(tab.page().getByAltText("Attached picture 1"));
            hand(tab, "drop", "main");
            tab.awaitShown(tab.page().getByAltText("Attached picture 2"));

            button(tab, "Remove picture 1").click();

            tab.awaitGone(tab.page().getByAltText("Attached picture 2"));
            assertThat(tab.page().getByLabel("Message").evaluate("node => node === document.activeElement"))
                    .isEqualTo(true);
            var seven = new FilePayload[7];
            for (int i = 0; i < seven.length; i++) seven[i] = new FilePayload("p" + i, "", png(i, 20));
            attach(tab, seven);
            tab.awaitText("One message takes 6 pictures at most.");
            tab.awaitShown(tab.page().getByAltText("Attached picture 6"));
        }
    }

    /** What a person's hand does with a picture from another window; the page gets the same event. */
    private static void hand(Tab tab, String event, String where) throws IOException {
        tab.page().evaluate("""
                ([name, where, base64]) => {
                  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0))
                  const data = new DataTransfer()
                  data.items.add(new File([bytes], 'picture.png', { type: 'image/png' }))
                  const made = name === 'drop'
                    ? new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true })
                    : new ClipboardEvent(name, { clipboardData: data, bubbles: true, cancelable: true })
                  document.querySelector(where).dispatchEvent(made)
                }""", List.of(event, where, Base64.getEncoder().encodeToString(png(0xff00, 30))));
    }

    @Test
    void whatIsNoPictureIsRefusedWhereItWasGiven() {
        byte[] svg =
                "<svg xmlns='http://www.w3.org/2000/svg' onload='window.hacked=1'/>".getBytes(StandardCharsets.UTF_8);
        byte[] cut = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 0, 0};
        try (Tab tab = Tab.open(feed.root(), "chat")) {
            choose(tab, "eyes");

            attach(tab, new FilePayload("logo.png", "image/png", svg), new FilePayload("cut.png", "image/png", cut));

            tab.awaitText("logo.png is no picture: PNG, JPEG, WebP and GIF are.");
            tab.awaitText("cut.png is broken or too large to be read.");
            assertThat(tab.page().locator("main img").count()).isZero();
            assertThat(tab.page().evaluate("'hacked' in window")).isEqualTo(false);
        }
    }

    @Test
    void nothingIsShownToAModelThatDoesNotSee() throws Exception {
        try (Tab tab = Tab.open(feed.root(), "chat")) {
            assertThat(tab.page()
                            .getByLabel("Model", exactly())
                            .locator("option")
                            .allTextContents())
                    .contains("eyes, sees", "small", "dark");
            tab.awaitShown(tab.page().locator("button[aria-label='Attach pictures']:enabled"));
            choose(tab, "small");
            tab.awaitText("small takes no pictures");
            assertThat(button(tab, "Attach pictures").isDisabled()).isTrue();
            choose(tab, "dark");
            tab.awaitText("It is not known yet whether dark takes pictures");
            assertThat(button(tab, "Attach pictures").isDisabled()).isTrue();
            tab.inspect("chat-blind");

            choose(tab, "eyes");
            attach(tab, new FilePayload("red.png", "image/png", png(0xff0000, 40)));
            tab.awaitShown(tab.page().getByAltText("Attached picture 1"));
            choose(tab, "small");
            tab.awaitText("small takes no pictures, and this message has some: choose a model that does.");
            say(tab, "What is this?");
            assertThat(button(tab, "Send").isDisabled()).isTrue();
            choose(tab, "auto");
            feed.change("model/eyes", null);
            feed.change("model/dark", null);
            feed.send();

            tab.awaitText("No model that is ready takes pictures, and this message has some");
            tab.inspect("chat-blind-attached");
            assertThat(feed.questions()).isEmpty();
        }
    }

    @Test
    void longAnswersLeaveNothingBehindButTheirText() throws Exception {
        feed.answering(longAnswer());
        try (Tab tab = Tab.open(feed.root(), "chat")) {
            // A page that nobody looks at draws each piece, one that is seen as often as the machine can: this one at
            // least every eighth.
            tab.page().evaluate("let n = 0; Object.defineProperty(document, 'hidden', { get: () => ++n % 8 === 0 })");
            hear(tab, 1);
            begin(tab);
            long beforeBytes = tab.heapBytes();

            for (int i = 1; i <= ANSWERS; i++) hear(tab, i);
            long writtenBytes = tab.heapBytes();
            begin(tab);
            long afterBytes = tab.heapBytes();
            tab.page().goBack();
            tab.awaitShown(button(tab, "regenerate").nth(ANSWERS - 1));
            tab.awaitShown(tab.page().locator(".hljs-keyword"));
            long readBytes = tab.heapBytes();

            assertThat(writtenBytes - readBytes).isLessThan(GROWTH_BYTES_MAX);
            assertThat(afterBytes - beforeBytes).isLessThan(GROWTH_BYTES_MAX);
        }
    }

    private static void hear(Tab tab, int number) {
        say(tab, "Tell me everything");
        tab.awaitShown(button(tab, "regenerate").nth(number - 1));
    }

    private static void begin(Tab tab) {
        tab.page().getByText("New conversation").click();
        tab.awaitText("Ask anything");
    }

    private static List<String> longAnswer() {
        var text = new StringBuilder("```java\nclass Everything {}\n```\n\n");
        for (int i = 0; i < PARAGRAPHS; i++) {
            text.append("Paragraph ").append(i).append(" has *words* that say little, `code` and a ");
            text.append("[link](https://example.org/")
                    .append(i)
                    .append("), and then it goes on for a while, as they do, ");
            text.append("until there is nothing left that one could say of it, and it ends.\n\n");
            if (i % 8 == 0) text.append("- one\n- **two**\n\n");
        }
        var pieces = new ArrayList<String>();
        for (int from = 0; from < text.length(); from += PIECE_CHARS)
            pieces.add(text.substring(from, Math.min(text.length(), from + PIECE_CHARS)));
        return pieces;
    }

    private static void choose(Tab tab, String model) {
        tab.page().getByLabel("Model", exactly()).selectOption(model);
    }

    private static Page.GetByLabelOptions exactly() {
        return new Page.GetByLabelOptions().setExact(true);
    }

    private static void attach(Tab tab, FilePayload... files) {
        tab.page().getByLabel("Pictures to attach").setInputFiles(files);
    }

    private static void say(Tab tab, String text) {
        tab.page().getByLabel("Message").fill(text);
        tab.page().keyboard().press("Enter");
    }

    private static Locator button(Tab tab, String name) {
        return tab.page()
                .getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private static byte[] sent(JsonNode content) {
        String url = content.at("/0/image_url/url").asText();
        return Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1));
    }

    static byte[] png(int colour, int side) throws IOException {
        return encoded(painted(colour, side, side), "png");
    }

    /** As a camera held upright writes it: lying, with a word that it is to be turned, and one about the place. */
    private static byte[] photoOnItsSide(int width, int height) throws IOException {
        byte[] plain = encoded(painted(0x3377aa, width, height), "jpeg");
        var exif = new ByteArrayOutputStream();
        exif.writeBytes("Exif\0\0MM\0*\0\0\0\u0008\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0\u0006\0\0\0\0\0\0"
                .getBytes(StandardCharsets.ISO_8859_1));
        exif.writeBytes(PLACE.getBytes(StandardCharsets.ISO_8859_1));
        var photo = new ByteArrayOutputStream();
        photo.write(plain, 0, 2);
        photo.writeBytes(new byte[] {(byte) 0xff, (byte) 0xe1, 0, (byte) (exif.size() + 2)});
        exif.writeTo(photo);
        photo.write(plain, 2, plain.length - 2);
        return photo.toByteArray();
    }

    private static BufferedImage painted(int colour, int width, int height) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) for (int x = 0; x < width; x++) image.setRGB(x, y, colour + x * y);
        return image;
    }

    private static byte[] encoded(BufferedImage image, String format) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, format, bytes);
        return bytes.toByteArray();
    }
}
