package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;

/** The scripts in {@code testnet/clients} with their packages, installed by the lock file once per checkout. */
final class NodePackages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> FILES = List.of(
            "package.json",
            "package-lock.json",
            ".npmrc",
            "suite.mjs",
            "openai.mjs",
            "anthropic.mjs",
            "ollama.mjs",
            "ai.mjs");
    private static final long SECONDS_MAX = 180;

    private final Path folder;

    NodePackages() throws Exception {
        folder = Files.createDirectories(Path.of("target", "clients").toAbsolutePath());
        Path lock = folder.resolve("package-lock.json");
        Path source = Path.of("clients");
        boolean isInstalled = Files.exists(folder.resolve("node_modules/.bin/node"))
                && Files.exists(lock)
                && Files.mismatch(lock, source.resolve("package-lock.json")) < 0;
        for (String name : FILES)
            Files.copy(source.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        if (isInstalled) return;
        Path log = folder.resolve("install.log");
        try {
            if (finish(List.of("npm", "ci"), log) != 0)
                throw RealEngine.missing("npm ci failed: " + Files.readString(log));
        } catch (IOException noNpm) {
            throw RealEngine.missing("npm does not start: " + noNpm.getMessage());
        }
    }

    /** Check by check: "ok", or what went wrong. {@code only} empty: all but the checks that kill. */
    Map<String, String> run(String script, SetUp setUp, List<String> skip, String only) throws Exception {
        Path out = Files.createTempFile(folder, "checks", ".jsonl");
        var command = new ArrayList<>(List.of(
                folder.resolve("node_modules/.bin/node").toString(),
                script + ".mjs",
                "--root",
                setUp.root(),
                "--endless-root",
                setUp.endlessRoot(),
                "--embed-root",
                setUp.embedRoot(),
                "--model",
                SetUp.RECITES,
                "--endless",
                SetUp.ENDLESS,
                "--embed",
                SetUp.EMBEDS,
                "--broken",
                SetUp.BROKEN,
                "--key",
                setUp.key(),
                "--skip",
                String.join(",", skip)));
        if (!only.isEmpty()) command.addAll(List.of("--only", only, "--victim", Long.toString(setUp.victim())));
        int code = finish(command, out);
        Map<String, String> results = new TreeMap<>();
        for (String line : Files.readAllLines(out)) {
            assertThat(line).startsWith("{");
            JsonNode check = JSON.readTree(line);
            boolean isOk = check.path("ok").asBoolean();
            results.put(
                    check.path("check").asText(),
                    isOk ? Checks.OK : check.path("error").asText());
        }
        assertThat(results).isNotEmpty();
        assertThat(code == 0).isEqualTo(results.values().stream().allMatch(Checks.OK::equals));
        return results;
    }

    private int finish(List<String> command, Path out) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            if (process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) return process.exitValue();
            return fail("not within " + SECONDS_MAX + " s: " + command + "\n" + Files.readString(out));
        } finally {
            process.destroyForcibly();
        }
    }
}
