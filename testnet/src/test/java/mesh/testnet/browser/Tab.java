package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.WaitForSelectorState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import mesh.testnet.node.RealNode;

/**
 * A console opened by a person who was never here: a fresh profile, one page, everything that the browser complains of
 * collected. Closing says whether it complained, and that the page asked nobody but its daemon. For one thread.
 */
final class Tab implements AutoCloseable {
    static final int WIDE = 1280;
    static final int PHONE = 390;

    private static final Path SCREENS = Path.of("target", "screens");
    private static final double PATIENCE_MILLIS = RealNode.PATIENCE.toMillis();
    private static final String AXE = axe();

    private final String root;
    private final BrowserContext profile;
    private final Page page;
    private final CDPSession devtools;
    private final List<String> complaints = new ArrayList<>();
    private final List<String> strangers = new ArrayList<>();

    private Tab(String root, BrowserContext profile) {
        this.root = root;
        this.profile = profile;
        profile.setDefaultTimeout(PATIENCE_MILLIS);
        page = profile.newPage();
        devtools = profile.newCDPSession(page);
        devtools.send("Performance.enable");
        page.onPageError(error -> complaints.add(error));
        page.onDialog(dialog -> {
            complaints.add("dialog: " + dialog.message());
            dialog.dismiss();
        });
        page.onConsoleMessage(message -> {
            // A daemon that is stopped or refuses a call on purpose makes the browser say so.
            if (message.type().equals("error") && !message.text().matches(".*(net::ERR_|with a status of 4).*"))
                complaints.add(message.text());
        });
        page.onRequest(request -> {
            if (!request.url().startsWith(root) && !request.url().startsWith("data:")) strangers.add(request.url());
        });
    }

    /** {@code root} as {@code http://127.0.0.1:3131}; {@code screen} as {@code overview}. */
    static Tab open(String root, String screen) {
        return open(root, screen, WIDE, ColorScheme.LIGHT);
    }

    static Tab open(String root, String screen, int width, ColorScheme theme) {
        BrowserContext profile = Chromium.orSkip()
                .newContext(new Browser.NewContextOptions()
                        .setViewportSize(width, width == PHONE ? 844 : 900)
                        .setColorScheme(theme)
                        .setPermissions(List.of("clipboard-read", "clipboard-write")));
        var tab = new Tab(root, profile);
        tab.page.navigate(root + "/#/" + screen);
        tab.awaitShown(tab.page.locator("main h1"));
        return tab;
    }

    Page page() {
        return page;
    }

    /** The words of the rail: every screen that there is. */
    List<String> screens() {
        return page.locator(".rail li:not(.more) > .destination").allTextContents();
    }

    /** By the way a person takes: the rail, or the bar and its menu on a phone. */
    void goTo(String title) {
        Locator direct = page.getByRole(
                AriaRole.LINK, new Page.GetByRoleOptions().setName(title).setExact(true));
        if (!direct.first().isVisible())
            page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("More"))
                    .click();
        direct.locator("visible=true").first().click();
        awaitShown(page.getByRole(
                AriaRole.HEADING, new Page.GetByRoleOptions().setName(title).setLevel(1)));
    }

    void awaitShown(Locator wanted) {
        wanted.first().waitFor();
    }

    void awaitGone(Locator unwanted) {
        unwanted.first().waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
    }

    void awaitText(String text) {
        awaitShown(page.getByText(text));
    }

    /** The pill in the corner. */
    void awaitLink(String word) {
        awaitShown(page.locator(".connection").getByText(word));
    }

    /** The node's place on the map, or its row in the table. */
    Locator node(String name) {
        return page.locator("[data-node][aria-label^='" + name + ",']");
    }

    String clipboard() {
        return (String) page.evaluate("navigator.clipboard.readText()");
    }

    /** Nothing stands out to the side, and axe finds nothing. Keeps a picture. */
    void inspect(String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(SCREENS.resolve(name + ".png"))
                .setFullPage(true));
        assertThat((Integer) page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
                .as(name + " stands out by pixels")
                .isLessThanOrEqualTo(0);
        if (!(Boolean) page.evaluate("'axe' in window")) page.evaluate(AXE);
        assertThat(String.valueOf(page.evaluate("""
                async () => {
                  const found = await axe.run(document, {
                    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
                  })
                  return found.violations
                    .flatMap(fault => fault.nodes.map(node => `${fault.id}: ${node.html} ${node.failureSummary}`))
                    .join('\\n')
                }""")))
                .as(name + ": what axe finds")
                .isEmpty();
    }

    /** What the browser counts of the page, by Chromium's names. */
    Map<String, Double> metrics() {
        var metrics = new LinkedHashMap<String, Double>();
        for (var metric : devtools.send("Performance.getMetrics").getAsJsonArray("metrics"))
            metrics.put(
                    metric.getAsJsonObject().get("name").getAsString(),
                    metric.getAsJsonObject().get("value").getAsDouble());
        return metrics;
    }

    /** Of what the page holds on to: all else is let go before. */
    long heapBytes() {
        devtools.send("HeapProfiler.collectGarbage");
        return metrics().getOrDefault("JSHeapUsedSize", 0.0).longValue();
    }

    void shoot(String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(SCREENS.resolve(name + ".png")));
    }

    static String named(String screen, ColorScheme theme, int width) {
        return screen + "-" + theme.name().toLowerCase(Locale.ROOT) + "-" + width;
    }

    @Override
    public void close() {
        profile.close();
        assertThat(complaints).as("what the browser complained of").isEmpty();
        assertThat(strangers).as("whom the page asked besides " + root).isEmpty();
    }

    private static String axe() {
        try (InputStream in = Tab.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(in, "axe.min.js").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new IllegalStateException(broken);
        }
    }
}
