package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import com.microsoft.playwright.options.WaitForSelectorState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.models.DemoModel;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.fake.FakeHub;
import mesh.testnet.fake.FakeLlamaProgram;
import mesh.testnet.node.Ask;
import mesh.testnet.node.RealNode;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a person does in the console: talks, loads and drops, fetches, invites, looks for meshes. On {@code ada} with a real llama.cpp, and on
 * {@code bob} with one that writes slowly for ever and dies of it.
 */
class PagesIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";
    private static final String SLOW = "tokens=5000;tokenMillis=20;dieAfterTokens=250";

    /** Of the catalog, and at this hub no more than a demo that takes some seconds to come. */
    private static final String FETCHED = "Qwen2.5-0.5B-Instruct";

    private static final String FETCHED_FROM =
            "/Qwen/Qwen2.5-0.5B-Instruct-GGUF/resolve/main/qwen2.5-0.5b-instruct-q4_k_m.gguf";
    private static final int FETCH_SECONDS = 4;
    private static final Page.GetByRoleOptions RUNNING = new Page.GetByRoleOptions().setName("Running operations");

    @TempDir
    static Path folder;

    private static final List<RealNode> nodes = new ArrayList<>();
    private static String console = "";
    private static EmbeddedRelay relay;
    private static FakeHub hub;

    @BeforeAll
    static void start() throws Exception {
        Chromium.orSkip();
        String engine = RealEngine.orSkip().folder().toString();
        hub = FakeHub.start();
        var listings = new EmbeddedRelay.Rules(Set.of(ListingEvent.KIND), Set.of());
        relay = EmbeddedRelay.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), listings);
        nodes.add(online("ada", "--bin-dir", engine, "--model", "demo", "--publish", "--mesh-name", "Sydney Lab"));
        Path slow = folder.resolve("slow");
        FakeLlamaProgram.install(slow, SLOW);
        String invite = nodes.getFirst().invite();
        nodes.add(RealNode.offline(
                folder, "bob", "--bin-dir", slow.toString(), "--model", "demo-tiny", "--join", invite));
        for (RealNode node : nodes) node.await("model.ready");
        console = nodes.getFirst().management();
    }

    @AfterAll
    static void stop() throws Exception {
        for (RealNode node : nodes) node.close();
        if (relay != null) relay.close();
        if (hub != null) hub.close();
    }

    /** Its relay and its hub are this test's. */
    private static RealNode online(String name, String... more) throws Exception {
        var line = new ArrayList<>(
                List.of("--name", name, "--nostr-relay", relay.url().toString()));
        line.addAll(List.of(more));
        return RealNode.serve(
                folder.resolve(name), Map.of("MESH_HUB_URL", hub.uri("").toString()), line.toArray(String[]::new));
    }

    @Test
    void chatStreamsSaysWhoAnsweredAndIsKept() throws Exception {
        try (Tab tab = Tab.open(console, "chat")) {
            ask(tab, "demo");

            tab.awaitText(ALPHABET);
            tab.awaitShown(tab.page().locator("[data-answers='ada']"));
            assertThat(tab.page().locator(".turn-figures").textContent())
                    .contains("ada", "demo", "tokens/s", "first", "only-host");

            tab.page().reload();
            tab.awaitText(ALPHABET);
            tab.inspect("chat-answered");
            Picture.keep(tab.page(), "chat");
            tab.goTo("Overview");
            Picture.keep(tab.page(), "overview");
        }
    }

    @Test
    void pictureIsShownToAModelThatSees() throws Exception {
        Ask.post(console + "/mesh/v1/models", "{\"model\":\"demo-vision\"}");
        try (Tab tab = Tab.open(console, "chat")) {
            choose(tab, "demo");
            tab.awaitText("demo takes no pictures");
            assertThat(button(tab, "Attach pictures").isDisabled()).isTrue();

            choose(tab, "demo-vision");
            tab.awaitShown(tab.page().locator("button[aria-label='Attach pictures']:enabled"));
            tab.page()
                    .getByLabel("Pictures to attach")
                    .setInputFiles(new FilePayload("red.png", "image/png", ChatIT.png(0xff0000, 320)));
            tab.awaitShown(tab.page().getByAltText("Attached picture 1"));
            Request sent = tab.page().waitForRequest("**/v1/chat/completions", () -> ask(tab, "demo-vision"));

            assertThat(sent.postData())
                    .contains("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,");
            tab.awaitShown(button(tab, "regenerate"));
            assertThat(tab.page().locator(".turn-failed").count()).isZero();
            assertThat(tab.page().locator(".markdown").textContent()).isNotBlank();
            assertThat(tab.page().locator(".turn-figures").textContent()).contains("ada", "demo-vision");
            for (ColorScheme theme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                tab.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(theme));
                tab.inspect(Tab.named("chat-seen", theme, Tab.WIDE));
            }
            assertThat(tab.page().locator(".picture img").evaluate("image => image.naturalWidth"))
                    .isEqualTo(320);

            choose(tab, "demo");
            tab.awaitText("demo takes no pictures, and this conversation has some: choose a model that does.");
            button(tab, "regenerate").click();
            tab.awaitShown(tab.page().getByRole(AriaRole.ALERT).getByText("images_unsupported"));
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
    void requestMovesOnTheMapAlongItsWay() throws Exception {
        try (Tab tab = Tab.open(console, "overview")) {
            tab.awaitShown(tab.node("bob"));
            tab.page()
                    .locator(".map-traffic")
                    .first()
                    .waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));

            Ask.post(
                    nodes.getFirst().api() + "/v1/chat/completions",
                    "{\"model\":\"demo-tiny\",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}");

            // A line that runs level has no height, and so is never visible in the browser's sense.
            tab.page()
                    .locator(".map-traffic")
                    .first()
                    .waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.ATTACHED));
        }
    }

    @Test
    void whatAModelWritesCanDoNothing() {
        try (Tab tab = Tab.open(console, "chat")) {
            tab.page()
                    .getByLabel("A file with conversations")
                    .setInputFiles(Path.of("src/test/resources/browser/hostile.json"));
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
    void downloadIsShownPausedAndGoesOnWhereItStopped() throws Exception {
        DemoModel demo = DemoModel.named("demo").orElseThrow();
        hub.serve(FETCHED_FROM, new FakeHub.Asset(demo).atBytesPerSecond(demo.size() / FETCH_SECONDS));
        try (Tab tab = Tab.open(console, "models")) {
            tab.page().getByLabel("Find in the catalog").fill(FETCHED);
            Locator row = tab.page().locator("tbody tr").filter(new Locator.FilterOptions().setHasText(FETCHED));
            button(tab, "Download " + FETCHED).click();
            tab.awaitShown(row.getByText("MB/s"));
            tab.awaitShown(tab.page().getByRole(AriaRole.REGION, RUNNING).getByText(FETCHED));
            tab.shoot("models-fetching");
            Picture.keep(tab.page(), "models");

            button(tab, "Pause " + FETCHED).click();

            tab.awaitShown(row.getByText(" came"));
            tab.awaitGone(tab.page().getByRole(AriaRole.REGION, RUNNING));
            hub.serve(FETCHED_FROM, new FakeHub.Asset(demo));
            button(tab, "Go on " + FETCHED).click();
            tab.awaitShown(row.getByText("on disk"));
        }
        assertThat(hub.asked(FETCHED_FROM).getLast().header("range")).matches("bytes=[1-9]\\d*-.*");
        assertThat(folder.resolve("ada/models/qwen2.5-0.5b-instruct-q4_k_m.gguf"))
                .hasSize(demo.size());
    }

    @Test
    void publishedMeshIsFoundKnockedAtAndJoined() throws Exception {
        nodes.getFirst().await("listing.published");
        String none = Files.createDirectories(folder.resolve("none")).toString();
        try (RealNode dot = online("dot", "--bin-dir", none);
                Tab tab = Tab.open(dot.management(), "discover")) {
            tab.page().getByText("knock at the best of them").click();
            button(tab, "Ask the relays").click();
            Locator row = tab.page().locator("tbody tr").filter(new Locator.FilterOptions().setHasText("Sydney Lab"));
            tab.awaitShown(row.getByText(" ms"));
            assertThat(row.textContent()).contains("demo");
            row.getByRole(AriaRole.BUTTON).click();
            tab.inspect("discover-found");

            button(tab, "Copy the command for a client").click();
            tab.awaitText("copied");

            List<String> command = List.of(tab.clipboard().split(" "));
            assertThat(command.getFirst()).isEqualTo("mesh");
            try (RealNode eve = RealNode.offline(
                    folder, "eve", command.subList(1, command.size()).toArray(String[]::new))) {
                assertThat(eve.await("mesh.joined").path("meshId").asText()).isEqualTo(meshOf(nodes.getFirst()));
            }
            button(tab, "Join to ask").click();
            tab.awaitText("This node is in that mesh now.");
            tab.goTo("Overview");
            tab.awaitShown(tab.node("ada"));
        }
    }

    private static String meshOf(RealNode node) throws Exception {
        return node.await("mesh.founded").path("meshId").asText();
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
            Picture.keep(tab.page(), "invite");
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
    void offlineNodeSaysThatItAsksNobody() throws Exception {
        try (Tab tab = Tab.open(nodes.getLast().management(), "discover")) {
            tab.awaitText("This node is offline");

            assertThat(tab.page()
                            .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Ask the relays"))
                            .count())
                    .isZero();
        }
    }

    private static void choose(Tab tab, String model) {
        tab.page().getByLabel("Model", exactly()).selectOption(model);
    }

    private static void ask(Tab tab, String model) {
        choose(tab, model);
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
