package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.node.Ask;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console of a mesh of three real daemons, one of them with a model on a real llama.cpp. */
class ConsoleIT {
    /** What the README promises for a death, and a look at the feed. */
    private static final Duration PROMISED = Duration.ofMillis(3_500);

    /** Text that would do something, were it taken for more than text. */
    private static final String HOSTILE = "<img src=x onerror=alert(1)>cyd";

    /** What a screen asks of the node when it is opened has come by then; a picture of waiting shows little. */
    private static final double SETTLED_MILLIS = 300;

    @TempDir
    static Path folder;

    private static final List<RealNode> nodes = new ArrayList<>();
    private static String console = "";

    @BeforeAll
    static void start() throws Exception {
        Chromium.orSkip();
        String engine = RealEngine.orSkip().folder().toString();
        nodes.add(RealNode.offline(folder, "ada", "--bin-dir", engine, "--model", "demo"));
        String invite = nodes.getFirst().invite();
        String none = Files.createDirectories(folder.resolve("none")).toString();
        for (String name : List.of("bob", HOSTILE)) {
            nodes.add(RealNode.offline(folder, name, "--bin-dir", none, "--join", invite));
            nodes.getLast().await("mesh.joined");
        }
        nodes.getFirst().await("model.ready");
        console = nodes.getFirst().management();
        Ask.chat(nodes.getFirst().api(), "demo");
    }

    @AfterAll
    static void stop() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void overviewShowsEveryNodeAndWhatItServes() {
        try (Tab tab = Tab.open(console, "overview")) {
            tab.awaitLink("live");
            tab.awaitShown(tab.node("bob"));
            tab.awaitShown(tab.node(HOSTILE));
            tab.awaitShown(tab.page().locator("[data-node][aria-label*='serves demo']"));
            assertThat(tab.node("bob").getAttribute("aria-label"))
                    .contains("alive")
                    .contains(" ms away");
        }
    }

    @Test
    void hostileNameIsNothingButText() {
        try (Tab tab = Tab.open(console, "nodes")) {
            tab.awaitText(HOSTILE);
            tab.goTo("Overview");
            tab.node(HOSTILE).click();
            tab.awaitShown(tab.page().locator("aside h2").getByText(HOSTILE));

            assertThat(tab.page().locator("main img").count()).isZero();
        }
    }

    @Test
    void nodeOpensByKeyboardAndEscapeGivesTheFocusBack() {
        try (Tab tab = Tab.open(console, "overview")) {
            tab.node("bob").focus();
            tab.page().keyboard().press("Enter");
            tab.awaitShown(
                    tab.page().getByRole(AriaRole.COMPLEMENTARY, new Page.GetByRoleOptions().setName("Node bob")));

            tab.page().keyboard().press("Escape");

            tab.awaitGone(tab.page().getByRole(AriaRole.COMPLEMENTARY));
            assertThat(tab.node("bob").evaluate("node => node === document.activeElement"))
                    .isEqualTo(true);
        }
    }

    @Test
    void requestIsShownWithItsWayAndWithoutItsText() throws Exception {
        try (Tab tab = Tab.open(console, "activity")) {
            Ask.chat(nodes.getFirst().api(), "demo");

            tab.awaitShown(tab.page().locator("tbody tr >> nth=1"));
            tab.page().locator("tbody tr button").first().click();

            tab.awaitText("a caller of this node");
            tab.awaitText("until the first byte");
            assertThat(tab.page().locator("main").textContent()).doesNotContain("abcdefghij");
        }
    }

    @Test
    void whatIsMissedWhileTheLineIsCutComesOnceAndAsChanges() throws Exception {
        try (CutLine line = CutLine.to(URI.create(console).getPort());
                Tab tab = Tab.open(line.root(), "activity")) {
            tab.awaitShown(tab.page().locator("tbody tr"));
            int before = shown(tab);

            line.cut();
            tab.awaitText("The node does not answer.");
            Ask.chat(nodes.getFirst().api(), "demo");
            Ask.post(console + "/mesh/v1/invites", "{\"role\":\"client\",\"uses\":1,\"expiresSeconds\":61}");
            assertThat(shown(tab)).isEqualTo(before);
            line.mend();

            tab.awaitLink("live");
            tab.awaitGone(tab.page().getByText("The node does not answer."));
            tab.awaitShown(tab.page().locator("tbody tr >> nth=" + before));
            assertThat(shown(tab)).isEqualTo(before + 1);
            tab.goTo("Events");
            tab.page().getByLabel("Find in the lines").fill("invite.created role=client");
            tab.awaitShown(tab.page().locator(".log-line"));
            assertThat(tab.page().locator(".log-line").count()).isEqualTo(1);
            assertThat(line.heard()).contains("event: delta").doesNotContain("event: state");
        }
    }

    private static int shown(Tab tab) {
        return tab.page().locator("tbody tr").count();
    }

    @Test
    void eventsAreFilteredAndHeld() {
        try (Tab tab = Tab.open(console, "events")) {
            tab.awaitText("mesh.founded");

            tab.page().getByLabel("Find in the lines").fill("model.ready");

            tab.awaitGone(tab.page().getByText("mesh.founded"));
            tab.awaitText("model.ready");
            tab.page()
                    .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Hold"))
                    .click();
            tab.awaitText("Go on");
        }
    }

    @Test
    void killedNodeTurnsLostInTime() throws Exception {
        try (Tab tab = Tab.open(console, "overview");
                RealNode dot = RealNode.offline(
                        folder,
                        "dot",
                        "--bin-dir",
                        folder.resolve("none").toString(),
                        "--join",
                        nodes.getFirst().invite())) {
            tab.awaitShown(tab.node("dot"));

            long killedNanos = System.nanoTime();
            dot.kill();
            tab.awaitShown(tab.page().locator("[data-node][aria-label^='dot, lost']"));

            assertThat(Duration.ofNanos(System.nanoTime() - killedNanos)).isLessThan(PROMISED);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Tab.WIDE, Tab.PHONE})
    void everyScreenSuitsEveryoneInBothThemes(int width) {
        try (Tab tab = Tab.open(console, "overview", width, ColorScheme.LIGHT)) {
            for (String screen : tab.screens()) {
                tab.goTo(screen);
                tab.page().waitForTimeout(SETTLED_MILLIS);
                for (ColorScheme theme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                    tab.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(theme));
                    tab.inspect(Tab.named(screen, theme, width));
                }
            }
        }
    }
}
