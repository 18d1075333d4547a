import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Starts the packed program once at the end of the build, {@code Rehearsal DIST SCRATCH}, asks it what everybody asks
 * first, and has the JVM keep what it learned in {@code DIST/mesh.aot}: classes found, linked and profiled. Later starts
 * take it from there, in three quarters of the time. A build never fails for the want of it, nor does a start. The node is a
 * new one of its own, on loopback, offline and without a model; one thread.
 */
final class Rehearsal {
    private static final int CALLS = 200;
    private static final long PATIENCE_SECONDS = 120;
    private static final Pattern PORT = Pattern.compile("\"port\":(\\d+)");

    /** What the launcher gives the daemon; some of it is part of what is kept. */
    private static final List<String> FLAGS = List.of(
            "-XX:+UseSerialGC",
            "-Xms16m",
            "-Xmx512m",
            "-XX:+UseCompactObjectHeaders",
            "-XX:MaxMetaspaceSize=128m",
            "-Xlog:disable",
            "-Xlog:aot=info");

    private static final String DONE = "AOTCache creation is complete";

    private final Path dist;
    private final Path scratch;

    private Rehearsal(Path dist, Path scratch) {
        this.dist = dist;
        this.scratch = scratch;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Path kept = Path.of(args[0], "mesh.aot").toAbsolutePath();
        Path jar = Path.of(args[0], "mesh.jar");
        if (Files.exists(kept)
                && Files.getLastModifiedTime(kept).compareTo(Files.getLastModifiedTime(jar)) > 0) return;
        Files.deleteIfExists(kept);
        try {
            new Rehearsal(Path.of(args[0]).toAbsolutePath(), Path.of(args[1]).toAbsolutePath()).hold();
        } catch (IOException missed) {
            System.err.println("[WARNING] no rehearsal, so starts take longer: " + missed.getMessage());
        }
    }

    private void hold() throws IOException, InterruptedException {
        empty(scratch);
        Path data = Files.createDirectories(scratch.resolve("node"));
        Path log = data.resolve("rehearsal.log");
        Path learned = data.resolve("mesh.aot");
        var node = java(
                List.of("-XX:AOTCacheOutput=" + learned),
                List.of(
                        "serve",
                        "--offline",
                        "--log-format",
                        "json",
                        "--port",
                        "0",
                        "--console",
                        "0",
                        "--bind-ip",
                        "127.0.0.1",
                        "--data-dir",
                        data.toString()));
        node.redirectErrorStream(true).redirectOutput(log.toFile());
        Process process = node.start();
        try {
            String api = "http://127.0.0.1:" + port(process, log, "api.ready");
            String console = "http://127.0.0.1:" + port(process, log, "console.ready");
            ask(api, console);
            java(List.of(), List.of("stop", "--data-dir", data.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) throw new IOException("the node does not end");
        } finally {
            process.destroyForcibly();
        }
        if (!Files.readString(log).contains(DONE)) throw new IOException("the JVM kept nothing; see " + log);
        keep(learned);
    }

    private static void empty(Path folder) throws IOException {
        if (!Files.exists(folder)) return;
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    /** Whole or not at all, even if the machine dies: a JVM that reads half a file may crash. */
    private void keep(Path learned) throws IOException {
        try (var file = FileChannel.open(learned, StandardOpenOption.WRITE)) {
            file.force(true);
        }
        Files.move(learned, dist.resolve("mesh.aot"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void ask(String api, String console) throws IOException, InterruptedException {
        String chat = "{\"model\":\"none\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
        var asked = List.of(
                HttpRequest.newBuilder(URI.create(api + "/v1/models")),
                HttpRequest.newBuilder(URI.create(api + "/v1/chat/completions"))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(chat)),
                HttpRequest.newBuilder(URI.create(console + "/")),
                HttpRequest.newBuilder(URI.create(console + "/mesh/v1/status")),
                HttpRequest.newBuilder(URI.create(console + "/mesh/v1/state")));
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (int call = 0; call < CALLS; call++)
                client.send(asked.get(call % asked.size()).build(), HttpResponse.BodyHandlers.discarding());
        }
    }

    private static String port(Process process, Path log, String event) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (process.isAlive() && System.nanoTime() < deadline) {
            for (String line : Files.readString(log).split("\n")) {
                var port = PORT.matcher(line);
                if (line.contains("\"" + event + "\"") && port.find()) return port.group(1);
            }
            Thread.sleep(20);
        }
        throw new IOException("the node does not say " + event);
    }

    private ProcessBuilder java(List<String> more, List<String> arguments) {
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(FLAGS);
        line.addAll(more);
        line.addAll(List.of("-jar", dist.resolve("mesh.jar").toString()));
        line.addAll(arguments);
        return new ProcessBuilder(line);
    }
}
