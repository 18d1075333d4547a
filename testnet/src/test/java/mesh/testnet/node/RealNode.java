package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import mesh.testnet.bench.Launch;

/**
 * A real daemon in its own process, started from the built jar the way the launcher does, its JSON events read from
 * standard output. Closing ends it in order, and by force when that takes too long. Waits have deadlines, never sleeps.
 */
public final class RealNode implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    /** Generous, because the machines are small and shared; a healthy node needs a tenth of it. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Every buffer is watched, and where it leaks not written down: that would cost too much. */
    private static final String WATCHED = "-Dio.netty.leakDetection.samplingInterval=1";

    private static final Pattern HEAP_TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");

    private final Process process;
    private final List<JsonNode> events = new ArrayList<>();
    private final StringBuilder said = new StringBuilder();

    private RealNode(Process process) {
        this.process = process;
    }

    /** Starts {@code mesh serve} with {@code arguments}, on ports of the system's choice unless they say otherwise. */
    public static RealNode serve(Path dataDir, Map<String, String> environment, String... arguments)
            throws IOException {
        return serveIn(List.of(), dataDir, environment, arguments);
    }

    /** The usual one of a test: called {@code name}, its data in a folder of that name, speaking to nobody outside. */
    public static RealNode offline(Path folder, String name, String... more) throws IOException {
        var line = new ArrayList<>(List.of("--name", name, "--offline"));
        line.addAll(List.of(more));
        return serve(folder.resolve(name), Map.of(), line.toArray(String[]::new));
    }

    /** The same as {@link #serve} behind a command that runs what follows it somewhere, such as in a network namespace. */
    public static RealNode serveIn(
            List<String> prefix, Path dataDir, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(prefix, environment, serving(dataDir, arguments), WATCHED);
    }

    /** The same as users have it, for benches: to watch its buffers takes as long again as half of what it does. */
    public static RealNode measuredIn(List<String> prefix, Path dataDir, String... arguments) throws IOException {
        return start(prefix, Map.of(), serving(dataDir, arguments));
    }

    private static List<String> serving(Path dataDir, String... arguments) {
        var line = new ArrayList<String>(
                List.of("serve", "--data-dir", dataDir.toString(), "--log-format", "json", "--threads", "1"));
        List<String> given = List.of(arguments);
        if (!given.contains("--port")) line.addAll(List.of("--port", "0"));
        if (!given.contains("--console")) line.addAll(List.of("--console", "0"));
        if (!given.contains("--bind-ip")) line.addAll(List.of("--bind-ip", "127.0.0.1"));
        line.addAll(given);
        return line;
    }

    /** Runs the program with any arguments. */
    public static RealNode start(Map<String, String> environment, List<String> arguments) throws IOException {
        return start(List.of(), environment, arguments, WATCHED);
    }

    private static RealNode start(
            List<String> prefix, Map<String, String> environment, List<String> arguments, String... jvm)
            throws IOException {
        var line = new ArrayList<>(prefix);
        line.addAll(isDaemon(arguments) ? Launch.daemon(jar(), jvm) : Launch.command(jar(), jvm));
        line.addAll(arguments);
        var builder = new ProcessBuilder(line);
        builder.environment().putAll(environment);
        var node = new RealNode(builder.start());
        node.read(node.process.inputReader(StandardCharsets.UTF_8), true);
        node.read(
                new BufferedReader(new InputStreamReader(node.process.getErrorStream(), StandardCharsets.UTF_8)),
                false);
        return node;
    }

    /** As the launcher sees it. */
    private static boolean isDaemon(List<String> arguments) {
        String first = arguments.isEmpty() ? "" : arguments.getFirst();
        return first.equals("serve") || first.startsWith("--");
    }

    public static Path jar() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("mesh-core/pom.xml"))) at = Objects.requireNonNull(at.getParent());
        return at.resolve("mesh-daemon/target/dist/mesh.jar");
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** The first event of this name that {@code wanted} accepts, waited for. */
    public JsonNode await(String event, Predicate<JsonNode> wanted) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (events) {
            while (true) {
                for (JsonNode each : events)
                    if (each.path("event").asText().equals(event) && wanted.test(each)) return each;
                long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (leftMillis <= 0 || !process.isAlive())
                    throw new AssertionError(
                            "no " + event + (process.isAlive() ? " in time" : ", process ended") + ":\n" + said());
                events.wait(Math.min(leftMillis, 100));
            }
        }
    }

    public JsonNode await(String event) throws InterruptedException {
        return await(event, any -> true);
    }

    public List<JsonNode> events(String name) {
        synchronized (events) {
            return events.stream()
                    .filter(e -> e.path("event").asText().equals(name))
                    .toList();
        }
    }

    /** The API's root once it answers, such as {@code http://127.0.0.1:31337}. */
    public String api() throws InterruptedException {
        return "http://127.0.0.1:" + await("api.ready").path("port").asInt();
    }

    public String management() throws InterruptedException {
        return "http://127.0.0.1:" + await("console.ready").path("port").asInt();
    }

    /** The invite that a founder prints at its start. */
    public String invite() throws InterruptedException {
        return await("invite.created").path("token").asText();
    }

    /** Writes one line to standard input and closes it. */
    void say(String line) throws IOException {
        try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
            input.write(line + "\n");
        }
    }

    int awaitExit() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("exits; it said:\n%s", said())
                .isTrue();
        return process.exitValue();
    }

    /** What lives on its heap, after a collection. */
    long heapBytes() throws IOException {
        var histogram = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String said = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var total = HEAP_TOTAL.matcher(said);
        assertThat(total.find()).as(said).isTrue();
        return Long.parseLong(total.group(1));
    }

    /** Ends it as a power cut would. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Everything written so far, on both outputs. */
    public String said() {
        synchronized (said) {
            return said.toString();
        }
    }

    /** The llama.cpp processes under this daemon now, wrappers included. */
    List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    @Override
    public void close() {
        process.destroy();
        if (process.onExit().completeOnTimeout(null, 20, TimeUnit.SECONDS).join() == null)
            process.destroyForcibly().onExit().join();
        assertThat(said()).as("leaked buffers").doesNotContain("LEAK: ");
    }

    private void read(BufferedReader lines, boolean mayBeEvents) {
        Thread.ofVirtual().name("read-" + process.pid()).start(() -> {
            try (lines) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) heard(line, mayBeEvents);
            } catch (IOException closed) {
                heard("(stream closed: " + closed.getMessage() + ")", false);
            }
        });
    }

    private void heard(String line, boolean mayBeEvent) {
        synchronized (said) {
            said.append(line).append('\n');
        }
        if (!mayBeEvent || !line.startsWith("{")) return;
        synchronized (events) {
            try {
                events.add(JSON.readTree(line));
            } catch (IOException notJson) {
                throw new AssertionError("standard output is not JSON: " + line, notJson);
            }
            events.notifyAll();
        }
    }
}
