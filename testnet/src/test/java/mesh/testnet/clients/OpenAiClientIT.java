package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.engine.TestModel;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The openai package against a real llama-server, directly and through a real daemon: equal results. */
class OpenAiClientIT {
    private static final String MODEL = "demo";
    private static final String KEY = "test-key";

    /** What an engine that knows one model only cannot pass, and what is the daemon's own. */
    private static final List<String> DAEMON_ONLY =
            List.of("models.retrieve", "models.unknown", "chat.unknownModel", "requestId");

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path temp;

    private static Path client;
    private static Process engine;
    private static int enginePort;

    @BeforeAll
    static void start() throws Exception {
        Path folder = RealEngine.orSkip().folder();
        String model = TestModel.file().toString();
        client = installed();
        enginePort = freePort();
        var builder = new ProcessBuilder(
                folder.resolve("llama-server").toString(),
                "-m",
                model,
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(enginePort),
                "-t",
                "1",
                "-c",
                "8192",
                "-np",
                "1",
                "--alias",
                MODEL,
                "--api-key",
                KEY,
                "--offline");
        engine = builder.redirectErrorStream(true)
                .redirectOutput(temp.resolve("engine.log").toFile())
                .start();
        awaitHealthy();
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (engine == null) return;
        engine.destroyForcibly();
        assertThat(engine.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void engineDirectlyAndThroughTheDaemonGiveEqualResults() throws Exception {
        Map<String, String> direct = run("http://127.0.0.1:" + enginePort, KEY, String.join(",", DAEMON_ONLY));
        Map<String, String> through;
        String engineFolder = RealEngine.orSkip().folder().toString();
        try (var node = RealNode.serve(
                temp.resolve("data"), Map.of(), "--model", MODEL, "--parallel", "1", "--bin-dir", engineFolder)) {
            node.await("model.ready");
            through = run(node.api(), "any", "");
        }

        assertThat(through.keySet()).containsAll(direct.keySet()).containsAll(DAEMON_ONLY);
        assertThat(direct.values()).as("direct: %s", direct).containsOnly("ok");
        assertThat(through.values()).as("through the daemon: %s", through).containsOnly("ok");
    }

    /** Check by check: "ok", or what went wrong. */
    private static Map<String, String> run(String root, String key, String skip) throws Exception {
        Path out = Files.createTempFile(temp, "checks", ".jsonl");
        int code = finish(
                List.of(
                        client.resolve("node_modules/.bin/node").toString(),
                        "check.mjs",
                        "--base-url",
                        root + "/v1",
                        "--model",
                        MODEL,
                        "--key",
                        key,
                        "--skip",
                        skip),
                out);
        Map<String, String> results = new TreeMap<>();
        for (String line : Files.readAllLines(out)) {
            assertThat(line).startsWith("{");
            JsonNode check = JSON.readTree(line);
            boolean isOk = check.path("ok").asBoolean();
            results.put(
                    check.path("check").asText(),
                    isOk ? "ok" : check.path("error").asText());
        }
        assertThat(code == 0).isEqualTo(results.values().stream().allMatch("ok"::equals));
        return results;
    }

    /** The package beside its script, installed once per checkout. */
    private static Path installed() throws Exception {
        Path source = Path.of("clients", "openai");
        Path folder =
                Files.createDirectories(Path.of("target", "clients", "openai").toAbsolutePath());
        for (String name : List.of("package.json", ".npmrc", "check.mjs"))
            Files.copy(source.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        if (Files.exists(folder.resolve("node_modules/.bin/node"))) return folder;
        client = folder;
        Path log = folder.resolve("install.log");
        try {
            if (finish(List.of("npm", "install"), log) != 0)
                throw RealEngine.missing("npm install failed: " + Files.readString(log));
        } catch (IOException noNpm) {
            throw RealEngine.missing("npm does not start: " + noNpm.getMessage());
        }
        return folder;
    }

    private static int finish(List<String> command, Path out) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(client.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            if (process.waitFor(180, TimeUnit.SECONDS)) return process.exitValue();
            return fail("not within 180 s: " + command + "\n" + Files.readString(out));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void awaitHealthy() throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + enginePort + "/health"))
                .build();
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        try (var http = HttpClient.newHttpClient()) {
            while (engine.isAlive() && System.nanoTime() < deadline) {
                try {
                    if (http.send(request, HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            == 200) return;
                } catch (IOException notYet) {
                    // It does not listen yet.
                }
                Thread.sleep(20);
            }
        }
        fail("llama-server did not become healthy: " + Files.readString(temp.resolve("engine.log")));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
