package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console of a first day: one real daemon that has nothing yet, and goes away, and comes back. */
class LoneConsoleIT {
    @TempDir
    Path folder;

    @Test
    void firstRunTeachesAndALostNodeIsNoticedAndFoundAgain() throws Exception {
        Chromium.orSkip();
        int port = freePort();

        RealNode first = serve(port);
        String api = first.api() + "/v1";
        try (Tab tab = Tab.open(first.management(), "overview")) {

            tab.awaitText(api);
            tab.awaitText("mesh load demo");
            tab.awaitText("Add a second machine");
            tab.inspect("first-run");
            tab.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
            tab.inspect("first-run-dark");

            tab.page()
                    .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Copy the API's address"))
                    .click();
            tab.awaitText("copied");
            assertThat(tab.clipboard()).isEqualTo(api);

            first.close();
            tab.awaitText("The node does not answer.");
            tab.awaitLink("reconnecting");
            tab.awaitText("as of");
            tab.inspect("lost");

            try (RealNode again = serve(port)) {
                again.management();
                tab.awaitLink("live");
                tab.awaitGone(tab.page().getByText("The node does not answer."));
                tab.awaitText(again.api() + "/v1");
            }
        } finally {
            first.close();
        }
    }

    private RealNode serve(int port) throws Exception {
        Path none = Files.createDirectories(folder.resolve("none"));
        return RealNode.serve(
                folder.resolve("node"),
                Map.of(),
                "--name",
                "ada",
                "--offline",
                "--bin-dir",
                none.toString(),
                "--console",
                String.valueOf(port));
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
