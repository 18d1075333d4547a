package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.zip.GZIPOutputStream;
import mesh.core.openai.ApiError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Handlers on virtual threads, event streams and files, through a real port. */
@ExtendWith(LeakWatch.class)
class HandlersTest {
    @Test
    void waitingHandlerGetsTheRequestAndMayBlock() throws Exception {
        var routes = new RouteTable().waiting("POST", "/things/*", ask -> {
            Thread.sleep(1);
            return Reply.json(
                    201,
                    Map.of(
                            "thread", Thread.currentThread().isVirtual(),
                            "rest", ask.rest(),
                            "q", ask.query("q").orElse(""),
                            "a", ask.json().path("a").asInt()));
        });
        try (var port = new TestPort(routes)) {
            var response = Wire.once(port.port(), Wire.post("/things/a%20b/c+d?q=x%26y", "{\"a\":7}"));

            assertThat(response.status()).isEqualTo(201);
            assertThat(response.body()).contains("\"thread\":true", "\"rest\":\"a b/c+d\"", "\"q\":\"x&y\"", "\"a\":7");
        }
    }

    @Test
    void refusalsAndBugsOfAHandlerAreAnsweredWithoutATrace() throws Exception {
        var routes = new RouteTable()
                .waiting("GET", "/refused", ask -> {
                    throw new Refusal(ApiError.invalid(409, "already_joined", "this node is in that mesh"));
                })
                .waiting("GET", "/broken", ask -> {
                    throw new IllegalStateException("secret detail");
                })
                .local("GET", "/broken-here", exchange -> {
                    throw new IllegalStateException("secret detail");
                })
                .forward("/broken-choice", (exchange, peek) -> {
                    throw new IllegalStateException("secret detail");
                })
                .waiting("POST", "/json", ask -> Reply.json(ask.json()));
        try (var port = new TestPort(routes)) {
            assertThat(Wire.once(port.port(), Wire.get("/refused")).body()).contains("already_joined");
            for (String request :
                    List.of(Wire.get("/broken"), Wire.get("/broken-here"), Wire.post("/broken-choice", "{}"))) {
                var broken = Wire.once(port.port(), request);
                assertThat(broken.status()).isEqualTo(500);
                assertThat(broken.body()).contains("internal_error", "req_").doesNotContain("secret");
            }
            assertThat(Wire.once(port.port(), Wire.post("/json", "[1")).body()).contains("invalid_json");
            assertThat(Wire.once(port.port(), Wire.post("/json", "")).status()).isEqualTo(400);
        }
    }

    @Test
    void changingCallsNeedTheIntentHeader() throws Exception {
        var calls = new AtomicInteger();
        var routes = new RouteTable().changing("POST", "/shutdown", ask -> {
            calls.incrementAndGet();
            return Reply.empty();
        });
        try (var port = new TestPort(routes)) {
            var bare = Wire.once(port.port(), Wire.post("/shutdown", ""));
            var meant = Wire.once(
                    port.port(),
                    "POST /shutdown HTTP/1.1\r\nHost: localhost\r\nX-Mesh-Console: 1\r\nContent-Length: 0\r\n\r\n");

            assertThat(bare.status()).isEqualTo(403);
            assertThat(meant.status()).isEqualTo(204);
            assertThat(calls.get()).isEqualTo(1);
        }
    }

    @Test
    void pagesSeeOurHeadersOnlyWhereTheyMay() throws Exception {
        var routes = new RouteTable().local("GET", "/x", exchange -> exchange.respond(200, "text/plain", "x"));
        try (var port = new TestPort(routes)) {
            String request = String.join(
                    "\r\n",
                    "%s /x HTTP/1.1",
                    "Host: localhost",
                    "Origin: %s",
                    "Access-Control-Request-Headers: x-stainless-os",
                    "",
                    "");
            var near = Wire.once(port.port(), request.formatted("GET", "http://localhost:3131"));
            var preflight = Wire.once(port.port(), request.formatted("OPTIONS", "http://localhost:3131"));
            var far = Wire.once(port.port(), request.formatted("GET", "https://evil.example"));

            assertThat(near.header("access-control-allow-origin")).isEqualTo("http://localhost:3131");
            assertThat(near.header("access-control-expose-headers")).contains("x-request-id", "x-mesh-waited-ms");
            assertThat(near.header("vary")).isEqualTo("Origin");
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.header("access-control-allow-headers")).isEqualTo("x-stainless-os");
            assertThat(far.status()).isEqualTo(403);
            assertThat(far.header("access-control-allow-origin")).isEmpty();
        }
    }

    @Test
    void eventStreamEndsItsSourceWhenTheClientLeaves() throws Exception {
        var ended = new CountDownLatch(1);
        var routes = new RouteTable().events("/events", (ask, out) -> {
            try {
                for (int i = 0; out.send(Integer.toString(i), "tick", "one\ntwo"); i++) out.beat();
            } finally {
                ended.countDown();
            }
        });
        try (var port = new TestPort(routes)) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.get("/events")).skipHead();
                assertThat(wire.line()).isNotEmpty();
                assertThat(List.of(wire.line(), wire.line(), wire.line(), wire.line()))
                        .containsExactly("id: 0", "event: tick", "data: one", "data: two");
            }

            assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void sourceOfASlowReaderWaits() throws Exception {
        var sent = new AtomicInteger();
        String data = "x".repeat(10_000);
        var routes = new RouteTable().events("/events", (ask, out) -> {
            while (out.send("1", "tick", data)) sent.incrementAndGet();
        });
        try (var port = new TestPort(routes);
                var wire = new Wire(port.port())) {
            wire.send(Wire.get("/events")).skipHead();
            int[] seen = {-1};
            TestPort.await("the source to wait", () -> {
                int before = seen[0];
                seen[0] = sent.get();
                java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
                return before > 0 && before == seen[0];
            });

            assertThat(sent.get()).isLessThan(2_000);
        }
    }

    @Test
    void filesAreServedFromAFolderAndFromAJarAlike(@TempDir Path temp) throws Exception {
        var zipped = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(zipped)) {
            gzip.write("script".getBytes(StandardCharsets.UTF_8));
        }
        Map<String, byte[]> contents = Map.of(
                "web/index.html", "<p>hi".getBytes(StandardCharsets.UTF_8),
                "web/app-ABCD1234.js", "script".getBytes(StandardCharsets.UTF_8),
                "web/app-ABCD1234.js.gz", zipped.toByteArray(),
                "other/secret.txt", new byte[] {1});
        Path folder = temp.resolve("folder");
        for (var entry : contents.entrySet()) {
            Path file = folder.resolve(entry.getKey());
            Files.createDirectories(file.getParent());
            Files.write(file, entry.getValue());
        }
        Path jar = temp.resolve("web.jar");
        try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (var entry : contents.entrySet()) {
                out.putNextEntry(new JarEntry(entry.getKey()));
                out.write(entry.getValue());
            }
        }

        for (URL root : List.of(folder.toUri().toURL(), jar.toUri().toURL())) {
            try (var loader = new URLClassLoader(new URL[] {root}, null)) {
                var files = StaticFiles.fromClassPath(loader, "web", "default-src 'none'");
                assertThat(files.isEmpty()).isFalse();
                assertServed(files);
            }
        }
    }

    private static void assertServed(StaticFiles files) throws Exception {
        try (var port = new TestPort(new RouteTable().local("GET", "/*", files::serve))) {
            var index = Wire.once(port.port(), Wire.get("/"));
            assertThat(index.body()).isEqualTo("<p>hi");
            assertThat(index.header("content-type")).isEqualTo("text/html; charset=utf-8");
            assertThat(index.header("content-security-policy")).isEqualTo("default-src 'none'");
            assertThat(index.header("cache-control")).isEqualTo("no-cache");

            String again = "GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: " + index.header("etag") + "\r\n\r\n";
            try (var wire = new Wire(port.port())) {
                assertThat(wire.send(again).bodylessResponse().status()).isEqualTo(304);
                assertThat(wire.send(Wire.get("/index.html")).response().body()).isEqualTo("<p>hi");
            }

            var script = Wire.once(port.port(), Wire.get("/app-ABCD1234.js"));
            assertThat(script.body()).isEqualTo("script");
            assertThat(script.header("cache-control")).contains("immutable");
            var small = Wire.once(
                    port.port(),
                    "GET /app-ABCD1234.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br, gzip\r\n\r\n");
            assertThat(small.header("content-encoding")).isEqualTo("gzip");
            assertThat(small.header("etag")).isNotEqualTo(script.header("etag"));

            for (String path : List.of(
                    "/../other/secret.txt", "/%2e%2e/other/secret.txt", "/other/secret.txt", "/app-ABCD1234.js.gz"))
                assertThat(Wire.once(port.port(), Wire.get(path)).status())
                        .as(path)
                        .isEqualTo(404);
        }
    }
}
