package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.fake.FakeLlamaProgram;
import mesh.testnet.node.RealNode;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a person does in the console: talks, loads and drops, invites. On {@code ada} with a real llama.cpp, and on
 * {@code bob} with one that writes slowly for ever and dies of it.
 */
class PagesIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";
    private static final String SLOW = "tokens=5000;tokenMillis=20;dieAfterTokens=250";

    @TempDir
    static Path folder;

    private static final List<RealNode> nodes = new ArrayList<>();
    private static String console = "";

    @BeforeAll
    static void start() throws Exception {
        Chromium.orSkip();
        String engine = RealEngine.orSkip().folder().toString();
        nodes.add(RealNode.offline(folder, "ada", "--bin-dir", engine, "--model", "demo"));
        Path slow = folder.resolve("slow");
        FakeLlamaProgram.install(slow, SLOW);
        String invite = nodes.getFirst().invite();
        nodes.add(RealNode.offline(
                folder, "bob", "--bin-dir", slow.toString(), "--model", "demo-tiny", "--join", invite));
        for (RealNode node : nodes) node.await("model.ready");
        console = nodes.getFirst().management();
    }

    @AfterAll
    static void stop() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void chatStreamsSaysWhoAnsweredAndIsKept() {
        try (Tab tab = Tab.open(console, "chat")) {
            ask(tab, "demo");

            tab.awaitText(ALPHABET);
            tab.awaitShown(tab.page().locator("[data-answers='ada']"));
            assertThat(tab.page().locator(".turn-figures").textContent())
                    .contains("ada", "demo", "tokens/s", "first", "only-host");

            tab.page().reload();
            tab.awaitText(ALPHABET);
            tab.inspect("chat-answered");
        }
    }

    @Test
    void answerStopsAndWhatCameOfABrokenOneIsKept() {
        try (Tab tab = Tab.open(console, "chat")) {
            ask(tab, "demo-tiny");
            tab.awaitText("abcdefgh");
            tab.awaitShown(tab.page().locator("[data-answers='bob']"));

            tab.page().keyboard().press("Escape");

            tab.awaitText("Stopped by you; what came is kept.");
            assertThat(tab.page().locator(".markdown").textContent()).startsWith("abcdefgh");

            button(tab, "regenerate").click();

            tab.awaitText("The answer broke off");
            assertThat(tab.page().locator(".markdown").textContent()).startsWith(ALPHABET + ALPHABET);
            tab.awaitText("2/2");
            tab.inspect("chat-broken");
            button(tab, "The branch before").click();
            tab.awaitText("Stopped by you; what came is kept.");
        }
    }

    @Test
    void whatAModelWritesCanDoNothing() {
        try (Tab tab = Tab.open(console, "chat")) {
            tab.page().locator("input[type=file]").setInputFiles(Path.of("src/test/resources/browser/hostile.json"));
            tab.awaitText("1 conversation taken in");
            tab.page().locator(".chat-row a").click();

            tab.awaitShown(tab.page().locator(".hljs-keyword"));

            assertThat(tab.page().evaluate("'hacked' in window")).isEqualTo(false);
            assertThat(tab.page()
                            .locator(".markdown :is(img, form, input, iframe, script, style, [style], [onclick])")
                            .count())
                    .isZero();
            assertThat(tab.page().locator(".markdown a[href]").evaluateAll("all => all.map(a => a.protocol)"))
                    .asInstanceOf(InstanceOfAssertFactories.LIST)
                    .isNotEmpty()
                    .containsOnly("http:", "https:");
            tab.inspect("chat-hostile");
        }
    }

    @Test
    void modelIsLoadedExplainedAndDropped() {
        try (Tab tab = Tab.open(console, "models")) {
            tab.page().getByLabel("Model to serve").fill("demo-tiny-random");
            button(tab, "Load").click();

            Locator row =
                    tab.page().locator("tbody tr").filter(new Locator.FilterOptions().setHasText("demo-tiny-random"));
            tab.awaitShown(row.getByText("ready"));
            row.getByRole(AriaRole.BUTTON).click();
            tab.awaitText("runs it whole");
            tab.inspect("models-explained");

            button(tab, "Drop").click();
            tab.page().getByRole(AriaRole.DIALOG).getByText("Drop").click();

            tab.awaitGone(row.getByText("ready"));
        }
    }

    @Test
    void wrongNameIsRefusedInTheDaemonsWords() {
        try (Tab tab = Tab.open(console, "models")) {
            tab.page().getByLabel("Model to serve").fill("<b>no such</b>");
            button(tab, "Load").click();

            tab.awaitShown(tab.page().getByRole(AriaRole.ALERT).getByText("is not loaded"));
        }
    }

    @Test
    void invitationOfThePageLetsAMachineIn() throws Exception {
        try (Tab tab = Tab.open(console, "invite")) {
            tab.page().getByText("Asks the models of the mesh.").click();
            button(tab, "Create the invitation").click();
            tab.awaitShown(tab.page().locator(".qr"));
            tab.inspect("invite-made");
            button(tab, "Copy the invitation").click();
            tab.awaitText("copied");

            String none = Files.createDirectories(folder.resolve("none")).toString();
            try (RealNode cyd = RealNode.offline(folder, "cyd", "--bin-dir", none);
                    Tab guest = Tab.open(cyd.management(), "invite")) {
                guest.page().getByLabel("Invitation", exactly()).fill(tab.clipboard());
                button(guest, "Look at it").click();
                guest.awaitText("nothing: this node may only ask");
                guest.inspect("join-preview");
                button(guest, "Join with this node").click();
                guest.awaitText("This node is in that mesh now.");
                cyd.await("mesh.joined");

                tab.awaitShown(tab.page().locator("tbody").getByText("1 of 1"));
            }
        }
    }

    @Test
    void everyTextOfConnectNamesThisNodeAndItsModel() throws Exception {
        String api = nodes.getFirst().api();
        try (Tab tab = Tab.open(console, "connect")) {
            tab.page().getByLabel("Model", exactly()).selectOption("demo");
            for (Locator client : tab.page().locator(".connect-clients a").all()) {
                client.click();
                tab.awaitShown(tab.page().locator(".connect-texts[aria-label='" + client.textContent() + "'] code"));
                assertThat(tab.page().locator(".connect-texts").textContent()).contains(api);
            }
            tab.page()
                    .getByText("curl", new Page.GetByTextOptions().setExact(true))
                    .click();
            button(tab, "Copy curl, A question").click();
            tab.awaitText("copied");

            assertThat(tab.clipboard()).contains(api + "/v1/chat/completions").contains("\"model\":\"demo\"");
        }
    }

    @Test
    void offlineNodeSaysThatItAsksNobody() {
        try (Tab tab = Tab.open(console, "discover")) {
            tab.awaitText("This node is offline");

            assertThat(tab.page()
                            .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Ask the relays"))
                            .count())
                    .isZero();
        }
    }

    private static void ask(Tab tab, String model) {
        tab.page()
                .getByLabel("Model", new Page.GetByLabelOptions().setExact(true))
                .selectOption(model);
        tab.page().getByLabel("Message").fill("Recite the alphabet");
        tab.page().keyboard().press("Enter");
    }

    private static Locator button(Tab tab, String name) {
        return tab.page()
                .getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private static Page.GetByLabelOptions exactly() {
        return new Page.GetByLabelOptions().setExact(true);
    }
}
