package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.testnet.Needs;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first command in a fresh checkout, with an empty data dir and no llama.cpp: it builds, installs, serves. */
class FreshCheckoutIT {
    /** A build on a busy machine, and an install of llama.cpp. */
    private static final int SECONDS_MAX = 300;

    private static final Pattern API = Pattern.compile("API +(http\\S+)/v1");

    @TempDir
    static Path folder;

    private static Path checkout;

    @BeforeAll
    static void copyWhatIsTracked() throws Exception {
        Path source = RealNode.jar().resolve("../../../..").normalize();
        checkout = Files.createDirectory(folder.resolve("checkout"));
        Process git = new ProcessBuilder("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
                .directory(source.toFile())
                .start();
        String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Needs.that(git.waitFor() == 0, "not a git checkout");
        for (String name : names.split("\0")) {
            Path from = source.resolve(name);
            if (!Files.isRegularFile(from)) continue;
            Path to = checkout.resolve(name);
            Files.createDirectories(Objects.requireNonNull(to.getParent()));
            Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
        }
        // The build that runs this test has read these sources for mistakes; doing it again would take half of its
        // time.
        Files.writeString(
                Files.createDirectory(checkout.resolve(".mvn")).resolve("maven.config"),
                "-Derrorprone.plugin=-Werror\n");
    }

    @Test
    void launcherBuildsOnceAndTheDemoServes() throws Exception {
        Said first = mesh("--version");
        assertThat(first.text).contains("building this checkout").contains("mesh 0.1.0");
        assertThat(first.exitCode).isZero();

        Said second = mesh("--version");
        assertThat(second.text.strip()).isEqualTo("mesh 0.1.0");

        Path link = Files.createSymbolicLink(folder.resolve("linked"), checkout.resolve("mesh"));
        assertThat(run(folder, link.toString(), "--version").text.strip()).isEqualTo("mesh 0.1.0");

        demoStreamsTheAlphabet();
    }

    private static void demoStreamsTheAlphabet() throws Exception {
        var builder = builder(checkout, "./mesh", "--model", "demo", "--port", "0", "--console", "0", "--threads", "1");
        Path output = folder.resolve("serve.txt");
        Process daemon = builder.redirectOutput(output.toFile()).start();
        try {
            String api = awaitReady(daemon, output);
            List<String> lines = Ask.streamed(api, "demo");

            assertThat(Ask.text(lines)).isEqualTo("abcdefghijklmnopqrstuvwxyz");
            assertThat(Files.readString(output)).contains("installing").contains("This is a demo");
        } finally {
            daemon.destroy();
            assertThat(daemon.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** The API's root, once the model is ready. */
    private static String awaitReady(Process daemon, Path output) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (System.nanoTime() < deadline && daemon.isAlive()) {
            String text = Files.readString(output);
            Matcher api = API.matcher(text);
            if (text.contains("demo: ready") && api.find()) return api.group(1);
            Thread.sleep(50);
        }
        throw new AssertionError("not ready: " + Files.readString(output));
    }

    private record Said(int exitCode, String text) {}

    private static Said mesh(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("./mesh"));
        command.addAll(Arrays.asList(arguments));
        return run(checkout, command.toArray(String[]::new));
    }

    private static Said run(Path from, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "said", ".txt");
        Process process = builder(from, command).redirectOutput(output.toFile()).start();
        if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS))
            process.destroyForcibly().waitFor();
        return new Said(process.exitValue(), Files.readString(output));
    }

    /** A stranger's environment: a path, a home of their own, no JAVA_HOME. */
    private static ProcessBuilder builder(Path from, String... command) throws IOException {
        var builder = new ProcessBuilder(command).directory(from.toFile()).redirectErrorStream(true);
        String path = Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin:/bin");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        builder.environment()
                .put("HOME", Files.createDirectories(folder.resolve("home")).toString());
        builder.environment().put("MESH_HOME", folder.resolve("home/.mesh").toString());
        return builder;
    }
}
