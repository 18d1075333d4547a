package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only the page of this port and callers that are no browsers may do, as bytes on a socket. */
class OwnPageTest {
    private static final String PATH = "/mesh/v1/models";
    private static final String MEANT = "x-mesh-console: 1\r\n";

    private final AtomicInteger changes = new AtomicInteger();
    private final RouteTable routes = new RouteTable()
            .changing("POST", PATH, ask -> Reply.json(changes.incrementAndGet()))
            .waiting("GET", PATH, ask -> Reply.text(200, "secret"));

    @Test
    void onlyTheOwnPageAndTheCommandLineMayChangeTheNode() throws Exception {
        try (var port = new TestPort(routes)) {
            String own = "Host: localhost:" + port.port() + "\r\n";
            String ownOrigin = "Origin: http://localhost:" + port.port() + "\r\n";

            assertThat(post(port, own + ownOrigin + MEANT)).isEqualTo(200);
            assertThat(post(port, own + MEANT)).isEqualTo(200);
            assertThat(changes).hasValue(2);

            assertThat(post(port, own + ownOrigin)).as("no header").isEqualTo(403);
            assertThat(post(port, own)).as("no origin, no header").isEqualTo(403);
            assertThat(post(port, own + "Origin: https://evil.example\r\n" + MEANT))
                    .isEqualTo(403);
            assertThat(post(port, own + "Origin: http://localhost:1\r\n" + MEANT))
                    .isEqualTo(403);
            assertThat(post(port, own + "Origin: null\r\n" + MEANT)).isEqualTo(403);
            assertThat(post(port, "Host: evil.example\r\nOrigin: http://evil.example\r\n" + MEANT))
                    .as("rebinding")
                    .isEqualTo(421);
            assertThat(changes).hasValue(2);
        }
    }

    @Test
    void formPostChangesNothing() throws Exception {
        try (var port = new TestPort(routes)) {
            for (String type :
                    new String[] {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data"}) {
                String form = "Host: localhost:" + port.port() + "\r\nOrigin: https://evil.example\r\nContent-Type: "
                        + type + "\r\n";

                assertThat(post(port, form)).as(type).isEqualTo(403);
            }
            assertThat(changes).hasValue(0);
        }
    }

    @Test
    void pageOfAnotherProgramHereDoesNotSeeTheNode() throws Exception {
        try (var port = new TestPort(routes)) {
            var seen = Wire.once(
                    port.port(),
                    "GET " + PATH + " HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:8080\r\n\r\n");

            assertThat(seen.status()).isEqualTo(403);
            assertThat(seen.body()).doesNotContain("secret");
            assertThat(seen.header("access-control-allow-origin")).doesNotContain("secret");
        }
    }

    @Test
    void folderIsServedAsItChanges(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("index.html"), "old");
        try (var files = new ChangingFiles(folder, "default-src 'none'");
                var port = new TestPort(new RouteTable().local("GET", "/*", files::serve))) {
            var before = Wire.once(port.port(), Wire.get("/"));
            Files.write(folder.resolve("index.html"), "newer".getBytes(StandardCharsets.UTF_8));

            assertThat(before.body()).isEqualTo("old");
            assertThat(before.header("content-security-policy")).isEqualTo("default-src 'none'");
            TestPort.await("the new file", () -> body(port).equals("newer"));
        }
    }

    private static String body(TestPort port) {
        try {
            return Wire.once(port.port(), Wire.get("/")).body();
        } catch (java.io.IOException broken) {
            throw new java.io.UncheckedIOException(broken);
        }
    }

    private static int post(TestPort port, String headers) throws Exception {
        return Wire.once(port.port(), "POST " + PATH + " HTTP/1.1\r\n" + headers + "Content-Length: 2\r\n\r\n{}")
                .status();
    }
}
