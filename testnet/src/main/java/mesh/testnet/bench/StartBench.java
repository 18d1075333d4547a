package mesh.testnet.bench;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How soon after the start of its JVM a node's API answers, and what the idle node keeps in memory:
 * {@code StartBench JAR BIN-DIR FILE} starts a node with the demo model several times, each with an empty data dir, and
 * writes a Markdown table to FILE. The folder of llama.cpp is given so that no install is measured.
 */
public final class StartBench {
    private static final int RUNS = 7;
    /** Long enough for the model to be ready and the compilers to fall silent. */
    private static final int IDLE_SECONDS = 10;

    private final String jar;
    private final String binDir;
    private final List<Long> apiMillis = new ArrayList<>();
    private final List<Long> idleKilobytes = new ArrayList<>();

    private StartBench(String jar, String binDir) {
        this.jar = jar;
        this.binDir = binDir;
    }

    public static void main(String[] args) throws Exception {
        var bench = new StartBench(args[0], args[1]);
        for (int run = 0; run < RUNS; run++) bench.run();
        Files.write(
                Path.of(args[2]),
                List.of(
                        "| what | median | least | most | goal |",
                        "|---|---|---|---|---|",
                        row("API answers after start, ms", bench.apiMillis, 1, "1,000"),
                        row("RSS of the idle node with a model ready, MB", bench.idleKilobytes, 1024, "150")));
    }

    private void run() throws IOException, InterruptedException {
        Path dataDir = Files.createTempDirectory("start-bench");
        int port = freePort();
        long start = System.nanoTime();
        Process node = new ProcessBuilder(command(dataDir, port))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(dataDir.resolve("err.txt").toFile())
                .start();
        try {
            while (!answers(port)) {
                if (!node.isAlive())
                    throw new IOException("node ended: " + Files.readString(dataDir.resolve("err.txt")));
                Thread.sleep(2);
            }
            apiMillis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
            Thread.sleep(TimeUnit.SECONDS.toMillis(IDLE_SECONDS));
            idleKilobytes.add(residentKilobytes(node.pid()));
        } finally {
            node.destroy();
            node.waitFor();
        }
    }

    private List<String> command(Path dataDir, int port) {
        List<String> command = Launch.daemon(Path.of(jar));
        command.addAll(List.of(
                "serve",
                "--model",
                "demo",
                "--data-dir",
                dataDir.toString(),
                "--bin-dir",
                binDir,
                "--threads",
                "1",
                "--port",
                Integer.toString(port),
                "--console",
                "0"));
        return command;
    }

    private static boolean answers(int port) {
        try {
            var url = URI.create("http://127.0.0.1:" + port + "/livez").toURL();
            return ((HttpURLConnection) url.openConnection()).getResponseCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    static long residentKilobytes(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")))
            if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D", ""));
        throw new IOException("no VmRSS pid=" + pid);
    }

    static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private static String row(String what, List<Long> values, long unit, String goal) {
        List<Long> sorted = values.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %d | %s |",
                what,
                sorted.get(sorted.size() / 2) / unit,
                sorted.getFirst() / unit,
                sorted.getLast() / unit,
                goal);
    }
}
