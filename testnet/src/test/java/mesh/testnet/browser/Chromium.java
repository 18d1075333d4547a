package mesh.testnet.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.testnet.Needs;

/**
 * One browser for all tests of this JVM, started on first use: the one that {@code MESH_TEST_BROWSER} names, else the
 * system's headless shell, else its Chromium. Nothing is downloaded. For one thread, as Playwright is.
 */
final class Chromium {
    private static final List<String> NAMES = List.of("chromium-headless-shell", "headless-shell", "chromium");

    /** It asks nobody for updates, and there is no user whose processes it could be kept apart from. */
    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");

    private static Optional<Browser> running = Optional.empty();

    private Chromium() {}

    /** The browser, or a skipped test where there is none. */
    static Browser orSkip() {
        if (running.isEmpty()) {
            Optional<Path> program = program();
            Needs.that(program.isPresent(), "no browser: none of MESH_TEST_BROWSER, " + String.join(", ", NAMES));
            // The driver ends with this JVM; it would otherwise live as long as the first class that asked.
            Playwright driver = Playwright.create(
                    new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
            running = Optional.of(driver.chromium()
                    .launch(new BrowserType.LaunchOptions()
                            .setExecutablePath(program.orElseThrow())
                            .setArgs(ARGUMENTS)));
        }
        return running.orElseThrow();
    }

    private static Optional<Path> program() {
        String named = System.getenv("MESH_TEST_BROWSER");
        if (named != null) return Optional.of(Path.of(named)).filter(Files::isExecutable);
        String path = Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin");
        return NAMES.stream()
                .flatMap(name -> Stream.of(path.split(java.io.File.pathSeparator))
                        .map(folder -> Path.of(folder).resolve(name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
