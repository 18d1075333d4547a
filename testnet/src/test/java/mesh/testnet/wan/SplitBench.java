package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A split by mesh beside llama.cpp's own RPC over the same cable: load, prompt, tokens, bytes. Same model, same shares,
 * one thread each, one after the other. No part of the build, which would be three minutes longer. Prints the rows of
 * {@code docs/benchmarks.md}; {@code -Dmesh.bench.rtt=0,20} says which round trips, {@code -Dmesh.bench.model} which model.
 */
class SplitBench {
    private static final String MODEL = System.getProperty("mesh.bench.model", "demo-large");
    private static final long BITS_PER_SECOND = 100_000_000;
    private static final int TOKENS = 64;
    private static final int CONTEXT_TOKENS = 2_048;
    private static final int PROMPT_WORDS = 300;
    private static final int RUNS = 3;

    /** A daemon that has just started is slower by half: its Java is not compiled yet. */
    private static final Duration WARMING = Duration.ofSeconds(20);

    private static final int PORT = 20_500;
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    @AfterEach
    void end() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    /** What one way of splitting took. */
    private record Figures(
            double loadSeconds, long loadBytes, double promptPerSecond, double answerPerSecond, double tokenBytes) {
        String row(String name, String rtt) {
            return String.format(
                    Locale.ROOT,
                    "| %s ms | %s | %.1f s | %,d kB | %.0f | %.1f | %.1f kB |",
                    rtt,
                    name,
                    loadSeconds,
                    loadBytes / 1_000,
                    promptPerSecond,
                    answerPerSecond,
                    tokenBytes / 1_000);
        }
    }

    @Test
    void meshBesideStockRpc() throws Exception {
        System.out.println("| RTT | split by | load | over the link | prompt tokens/s | tokens/s | per token |");
        System.out.println("|---|---|---|---|---|---|---|");
        var rows = new ArrayList<String>();
        for (String rtt : System.getProperty("mesh.bench.rtt", "0,5,20,50").split(",")) {
            measure(rtt, rows);
            end();
            rows.subList(rows.size() - 2, rows.size()).forEach(System.out::println);
        }

        assertThat(rows).isNotEmpty();
    }

    private void measure(String rtt, List<String> rows) throws Exception {
        Lab lab = keep(Lab.open());
        Lab.Space here = lab.space("here");
        Lab.Space there = lab.space("there");
        var weather = new Pump.Weather(Double.parseDouble(rtt) / 2, 0, 5, BITS_PER_SECOND);
        Pump link = lab.joinSlowly(here, "eth0", "10.50.0.1/24", there, "eth0", "10.50.0.2/24", weather);
        String engine = RealEngine.orSkip().folder().toString();
        String[] model = {
            "--model", MODEL, "--split", "--bin-dir", engine, "--parallel", "1", "--ctx-size", CONTEXT_TOKENS + ""
        };
        Path data = folder.resolve(rtt);
        WanNode host = keep(WanNode.start(here, data, "host", with(model, "--max-vram", "2")));
        host.node().await("model.ready");
        long before = link.carriedBytes();
        WanNode worker = keep(WanNode.start(
                there,
                data,
                "worker",
                with(model, "--max-vram", "1", "--join", host.node().invite())));
        JsonNode ready = host.node()
                .await("model.ready", each -> each.path("mode").asText().equals("split"));
        JsonNode loaded = host.node().await("split.loaded");
        long bytes = link.carriedBytes() - before;
        String api = host.node().api() + "/v1/completions";
        rows.add(figures(here, api, link, loaded.path("loadMillis").asLong() / 1_000.0, bytes)
                .row("mesh", rtt));
        int units = ready.path("tensorSplit").path(1).asInt();
        worker.close();
        host.close();
        open.remove(worker);
        open.remove(host);
        stock(rtt, here, there, link, Path.of(engine), units, data, rows);
    }

    private void stock(
            String rtt,
            Lab.Space here,
            Lab.Space there,
            Pump link,
            Path engine,
            int units,
            Path data,
            List<String> rows)
            throws Exception {
        Path file = model(data);
        keep(run(there, engine.resolve("rpc-server").toString(), "-H", "10.50.0.2", "-p", PORT + "", "-t", "1"));
        String[] line = {
            engine.resolve("llama-server").toString(),
            "-m",
            file.toString(),
            "--host",
            "127.0.0.1",
            "--port",
            PORT + 1 + "",
            "--rpc",
            "10.50.0.2:" + PORT,
            "-ngl",
            units + "",
            "-ts",
            units + "",
            "-sm",
            "layer",
            "-fit",
            "off",
            "-c",
            CONTEXT_TOKENS + "",
            "-np",
            "1",
            "-t",
            "1",
            "-cram",
            "0",
            "--offline",
            "--no-ui"
        };
        awaitListening(there);
        long before = link.carriedBytes();
        long begun = System.nanoTime();
        keep(run(here, line));
        String api = "http://127.0.0.1:" + (PORT + 1);
        while (!curl(here, api + "/health", "").contains("\"ok\""))
            assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.MINUTES.toNanos(2));
        double seconds = (System.nanoTime() - begun) / 1e9;
        long bytes = link.carriedBytes() - before;
        rows.add(figures(here, api + "/v1/completions", link, seconds, bytes).row("llama.cpp", rtt));
        while (open.peek() instanceof Running running) {
            running.close();
            open.pop();
        }
    }

    private static Path model(Path data) throws IOException {
        try (var files = Files.walk(data.resolve("host"))) {
            return files.filter(path -> path.toString().endsWith(".gguf"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void awaitListening(Lab.Space there) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            try {
                there.run(
                        "sh",
                        "-c",
                        "grep -q ':" + Integer.toHexString(PORT).toUpperCase(Locale.ROOT) + " ' /proc/net/tcp");
                return;
            } catch (IOException notYet) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
    }

    private static Figures figures(Lab.Space here, String api, Pump link, double loadSeconds, long loadBytes)
            throws Exception {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < WARMING.toNanos()) ask(here, api, "warm up", TOKENS);
        var prompts = new ArrayList<Double>();
        var answers = new ArrayList<Double>();
        long before = link.carriedBytes();
        for (int run = 0; run < RUNS; run++)
            answers.add(ask(here, api, "once upon", TOKENS)
                    .at("/timings/predicted_per_second")
                    .asDouble());
        double perToken = (link.carriedBytes() - before) / (double) (RUNS * TOKENS);
        for (int run = 0; run < RUNS; run++) {
            var words = new StringBuilder("run " + run);
            for (int i = 0; i < PROMPT_WORDS; i++) words.append(" w").append(i * 7 % 100);
            prompts.add(ask(here, api, words.toString(), 1)
                    .at("/timings/prompt_per_second")
                    .asDouble());
        }
        return new Figures(loadSeconds, loadBytes, median(prompts), median(answers), perToken);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static JsonNode ask(Lab.Space here, String api, String prompt, int tokens) throws Exception {
        String body = JSON.writeValueAsString(
                Map.of("model", MODEL, "prompt", prompt, "max_tokens", tokens, "temperature", 0, "ignore_eos", true));
        JsonNode answer = JSON.readTree(curl(here, api, body));
        assertThat(answer.has("timings")).as(answer.toString()).isTrue();
        return answer;
    }

    private static String curl(Lab.Space here, String url, String body) throws IOException {
        var line = new ArrayList<>(here.prefix());
        line.addAll(List.of("curl", "-sS", "--max-time", "110", "-o", "-"));
        if (!body.isEmpty()) line.addAll(List.of("-H", "content-type: application/json", "-d", body));
        line.add(url);
        Process curl = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new String(curl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }

    private record Running(Process process) implements AutoCloseable {
        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }

    private static Running run(Lab.Space space, String... command) throws IOException {
        var line = new ArrayList<>(space.prefix());
        line.addAll(Arrays.asList(command));
        return new Running(new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start());
    }

    private static String[] with(String[] words, String... more) {
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.push(opened);
        return opened;
    }
}
