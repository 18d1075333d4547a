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
 * {@code docs/benchmarks.md}; {@code -Dmesh.bench.rtt=0,20} says which round trips, {@code -Dmesh.bench.model} which model
 * ({@code wide} is {@link WideModel}), {@code -Dmesh.bench.workers=2} that each node has a cable to a switch, whose host's is measured, and
 * {@code -Dmesh.bench.file=no} that the workers' files are gone when they begin to lend.
 */
class SplitBench {
    private static final String MODEL = System.getProperty("mesh.bench.model", "demo-large");
    private static final int WORKERS = Integer.getInteger("mesh.bench.workers", 1);
    private static final boolean HAS_FILE =
            !System.getProperty("mesh.bench.file", "yes").equals("no");
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
            double loadSeconds,
            long loadBytes,
            double promptPerSecond,
            double answerPerSecond,
            double promptTokenBytes,
            double tokenBytes) {
        String row(String name, String rtt) {
            return String.format(
                    Locale.ROOT,
                    "| %s ms | %s | %.1f s | %,d kB | %.0f | %.1f kB | %.1f | %.1f kB |",
                    rtt,
                    name,
                    loadSeconds,
                    loadBytes / 1_000,
                    promptPerSecond,
                    promptTokenBytes / 1_000,
                    answerPerSecond,
                    tokenBytes / 1_000);
        }
    }

    @Test
    void meshBesideStockRpc() throws Exception {
        System.out.println(
                "| RTT | split by | load | over the link | prompt tokens/s | per prompt token | tokens/s | per token |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        var rows = new ArrayList<String>();
        for (String rtt : System.getProperty("mesh.bench.rtt", "0,5,20,50").split(",")) {
            measure(rtt, rows);
            end();
            rows.subList(rows.size() - 2, rows.size()).forEach(System.out::println);
        }

        assertThat(rows).isNotEmpty();
    }

    /** The host, its workers, and the cable that is measured. */
    private record Star(Lab.Space here, List<Lab.Space> workers, Pump link) {
        /** One worker has the cable to itself; of several each has half the round trip to the switch between them all. */
        static Star of(Lab lab, double rttMillis) throws Exception {
            Lab.Space here = lab.space("here");
            var workers = new ArrayList<Lab.Space>();
            for (int i = 0; i < WORKERS; i++) workers.add(lab.space("there" + i));
            if (WORKERS == 1)
                return new Star(
                        here,
                        workers,
                        join(lab, here, "10.50.0.1/24", workers.getFirst(), "10.50.0.2/24", rttMillis / 2));
            Lab.Space center = lab.space("switch");
            Pump link = join(lab, here, "10.50.0.1/30", center, "10.50.0.2/30", rttMillis / 4);
            here.ip("route", "add", "default", "via", "10.50.0.2");
            for (int i = 0; i < WORKERS; i++) {
                String net = "10.50." + (i + 1) + ".";
                join(lab, workers.get(i), net + "1/30", center, net + "2/30", rttMillis / 4);
                workers.get(i).ip("route", "add", "default", "via", net + "2");
            }
            center.forward();
            return new Star(here, workers, link);
        }

        private static Pump join(
                Lab lab, Lab.Space one, String address, Lab.Space two, String other, double delayMillis)
                throws Exception {
            var weather = new Pump.Weather(delayMillis, 0, 5, BITS_PER_SECOND);
            String end = "to" + address.split("\\.")[2];
            return lab.joinSlowly(one, "eth0", address, two, end, other, weather);
        }

        static String address(int worker) {
            return WORKERS == 1 ? "10.50.0.2" : "10.50." + (worker + 1) + ".1";
        }
    }

    private void measure(String rtt, List<String> rows) throws Exception {
        Lab lab = keep(Lab.open());
        Star star = Star.of(lab, Double.parseDouble(rtt));
        String engine = RealEngine.orSkip().folder().toString();
        String[] model = {
            "--model", MODEL, "--split", "--bin-dir", engine, "--parallel", "1", "--ctx-size", CONTEXT_TOKENS + ""
        };
        String parts = "1" + ",1".repeat(WORKERS);
        Path data = folder.resolve(rtt);
        if (MODEL.equals(WideModel.NAME)) giveAll(data);
        String[] hosting = WORKERS == 1 ? model : with(model, "--tensor-split", parts);
        WanNode host = keep(WanNode.start(star.here(), data, "host", with(hosting, "--max-vram", "2")));
        host.node().await("model.ready");
        long before = star.link().carriedBytes();
        var workers = new ArrayList<WanNode>();
        for (int i = 0; i < WORKERS; i++) workers.add(keep(worker(star.workers().get(i), data, i, model, host)));
        JsonNode ready = host.node()
                .await("model.ready", each -> each.path("tensorSplit").size() == WORKERS + 1);
        JsonNode loaded = host.node().await("split.loaded");
        long bytes = star.link().carriedBytes() - before;
        String api = host.node().api() + "/v1/completions";
        double seconds = loaded.path("loadMillis").asLong() / 1_000.0;
        rows.add(figures(star.here(), api, star.link(), seconds, bytes).row("mesh", rtt));
        var units = new ArrayList<Integer>();
        ready.path("tensorSplit").forEach(share -> units.add(share.asInt()));
        workers.add(host);
        for (WanNode each : workers) {
            each.close();
            open.remove(each);
        }
        stock(rtt, star, Path.of(engine), units.subList(1, units.size()), data, rows);
    }

    private static void giveAll(Path data) throws IOException {
        var names = new ArrayList<>(List.of("host"));
        for (int i = 0; i < WORKERS; i++) names.add("worker" + i);
        for (String name : names)
            WideModel.write(Files.createDirectories(data.resolve(name).resolve("models"))
                    .resolve(WideModel.NAME + ".gguf"));
    }

    /** One that shall have no file begins in a mesh of its own, where the model is made, and loses it before it goes over. */
    private static WanNode worker(Lab.Space there, Path data, int number, String[] model, WanNode host)
            throws Exception {
        String name = "worker" + number;
        String invite = host.node().invite();
        if (HAS_FILE) return WanNode.start(there, data, name, with(model, "--max-vram", "1", "--join", invite));
        WanNode node = WanNode.start(there, data, name, with(model, "--max-vram", "1"));
        node.node().await("model.ready");
        Files.delete(model(data.resolve(name)));
        String joined = curl(
                there,
                node.node().management() + "/mesh/v1/join",
                JSON.writeValueAsString(Map.of("token", invite, "leave", true)));
        assertThat(joined).doesNotContain("\"error\"");
        return node;
    }

    private void stock(String rtt, Star star, Path engine, List<Integer> units, Path data, List<String> rows)
            throws Exception {
        Path file = model(data.resolve("host"));
        Lab.Space here = star.here();
        Pump link = star.link();
        var endpoints = new ArrayList<String>();
        for (int i = 0; i < WORKERS; i++) {
            String rpc = engine.resolve("rpc-server").toString();
            keep(run(star.workers().get(i), rpc, "-H", Star.address(i), "-p", PORT + "", "-t", "1"));
            endpoints.add(Star.address(i) + ":" + PORT);
        }
        String shares = String.join(",", units.stream().map(String::valueOf).toList());
        String[] line = {
            engine.resolve("llama-server").toString(),
            "-m",
            file.toString(),
            "--host",
            "127.0.0.1",
            "--port",
            PORT + 1 + "",
            "--rpc",
            String.join(",", endpoints),
            "-ngl",
            units.stream().mapToInt(Integer::intValue).sum() + "",
            "-ts",
            shares,
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
        for (Lab.Space there : star.workers()) awaitListening(there);
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

    private static Path model(Path node) throws IOException {
        try (var files = Files.walk(node)) {
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
        before = link.carriedBytes();
        int promptTokens = 0;
        for (int run = 0; run < RUNS; run++) {
            var words = new StringBuilder("run " + run);
            for (int i = 0; i < PROMPT_WORDS; i++) words.append(" w").append(i * 7 % 100);
            JsonNode timings = ask(here, api, words.toString(), 1).path("timings");
            prompts.add(timings.path("prompt_per_second").asDouble());
            promptTokens += timings.path("prompt_n").asInt();
        }
        double perPromptToken = (link.carriedBytes() - before) / (double) promptTokens;
        return new Figures(loadSeconds, loadBytes, median(prompts), median(answers), perPromptToken, perToken);
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
        if (!body.isEmpty())
            line.addAll(List.of("-H", "content-type: application/json", "-H", "x-mesh-console: 1", "-d", body));
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
