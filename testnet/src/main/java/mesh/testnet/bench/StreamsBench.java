package mesh.testnet.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.testnet.fake.FakeLlamaProgram;

/**
 * What a thousand streams at once cost a node: {@code StreamsBench JAR FILE} starts a real daemon with the launcher's
 * flags and four models before fake engines, each with as many slots as a model may have, holds a quarter of the streams
 * at each, and prints a Markdown table of the daemon's resident memory before, at its highest and after.
 */
public final class StreamsBench {
    private static final List<String> MODELS = List.of("demo-tiny", "demo", "demo-random", "demo-large");
    private static final int PER_MODEL = 250;

    /** Half a second a token and forty of them: all streams are open together for most of their twenty seconds. */
    private static final String KNOBS = "firstTokenMillis=100;tokenMillis=500;tokens=40";

    private static final int ROUNDS = 2;
    private static final int READY_SECONDS_MAX = 90;
    private static final int SETTLE_SECONDS = 10;
    private static final int READ_MILLIS_MAX = 60_000;
    private static final int SAMPLE_MILLIS = 200;

    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger whole = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private int openMost;
    private long peakKilobytes;

    private StreamsBench() {}

    public static void main(String[] args) throws Exception {
        List<String> lines = new StreamsBench().measure(args[0]);
        Files.write(Path.of(args[1]), lines);
        System.getLogger(StreamsBench.class.getName()).log(System.Logger.Level.INFO, "\n" + String.join("\n", lines));
    }

    private List<String> measure(String jar) throws Exception {
        Path folder = Files.createTempDirectory("streams-bench");
        FakeLlamaProgram.install(folder.resolve("engine"), KNOBS);
        int port = StartBench.freePort();
        List<String> command = Launch.daemon(Path.of(jar));
        command.addAll(List.of("serve", "--offline", "--parallel", Integer.toString(PER_MODEL)));
        // Room for what is asked and answered here, so that a small machine admits so many slots.
        command.addAll(List.of("--ctx-size", "256"));
        for (String model : MODELS) command.addAll(List.of("--model", model));
        command.addAll(List.of("--data-dir", folder.resolve("data").toString()));
        command.addAll(List.of("--bin-dir", folder.resolve("engine").toString(), "--console", "0"));
        command.addAll(List.of("--port", Integer.toString(port)));
        Process node = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(folder.resolve("err.txt").toFile())
                .start();
        try {
            for (String model : MODELS) awaitReady(node, port, model, folder);
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            long idle = StartBench.residentKilobytes(node.pid());
            for (int round = 0; round < ROUNDS; round++) hold(node, port);
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            long after = StartBench.residentKilobytes(node.pid());
            return List.of(
                    "| streams open at once | whole / failed | RSS idle, MB | peak, MB | " + SETTLE_SECONDS
                            + " s after, MB | goal of the peak |",
                    "|---|---|---|---|---|---|",
                    String.format(
                            Locale.ROOT,
                            "| %d | %d / %d | %d | %d | %d | 350 |",
                            openMost,
                            whole.get(),
                            failed.get(),
                            idle / 1024,
                            peakKilobytes / 1024,
                            after / 1024));
        } finally {
            node.destroy();
            node.waitFor();
        }
    }

    private void hold(Process node, int port) throws IOException, InterruptedException {
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < PER_MODEL; i++)
            for (String model : MODELS)
                threads.add(Thread.ofVirtual().name("stream").start(() -> stream(port, model)));
        for (Thread each : threads) {
            while (!each.join(Duration.ofMillis(SAMPLE_MILLIS))) sample(node);
        }
    }

    private void sample(Process node) throws IOException {
        openMost = Math.max(openMost, open.get());
        peakKilobytes = Math.max(peakKilobytes, StartBench.residentKilobytes(node.pid()));
    }

    private void stream(int port, String model) {
        try (var socket = ask(port, model)) {
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            boolean isOk = String.valueOf(lines.readLine()).startsWith("HTTP/1.1 200");
            if (isOk) open.incrementAndGet();
            boolean isWhole = false;
            for (String line = lines.readLine(); isOk && line != null; line = lines.readLine())
                isWhole |= line.startsWith("data: [DONE]");
            if (isOk) open.decrementAndGet();
            (isWhole ? whole : failed).incrementAndGet();
        } catch (IOException broken) {
            failed.incrementAndGet();
        }
    }

    /** One answer proves that the engine behind the model is there, which a list alone does not. */
    private static void awaitReady(Process node, int port, String model, Path folder) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS_MAX);
        while (!answers(port, model)) {
            if (!node.isAlive() || System.nanoTime() > deadline)
                throw new IOException(model + " is not ready: " + Files.readString(folder.resolve("err.txt")));
            Thread.sleep(100);
        }
    }

    private static boolean answers(int port, String model) {
        try (var socket = ask(port, model)) {
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            return String.valueOf(lines.readLine()).startsWith("HTTP/1.1 200");
        } catch (IOException notYet) {
            return false;
        }
    }

    private static Socket ask(int port, String model) throws IOException {
        String body = "{\"model\":\"" + model
                + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"recite\"}]}";
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(READ_MILLIS_MAX);
        socket.getOutputStream()
                .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                + body)
                        .getBytes(StandardCharsets.UTF_8));
        return socket;
    }
}
