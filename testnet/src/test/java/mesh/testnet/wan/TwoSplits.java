package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.node.RealNode;

/**
 * One model split by mesh and by llama.cpp's own RPC, in the same shares with one thread for each engine, both up in the
 * same namespaces over the same cable. They are loaded one after the other and asked one at a time, so that each has
 * the cable and the processors to itself, but for the few kilobytes a second of idle daemons. One thread.
 */
final class TwoSplits {
    private static final int RPC_PORT = 20_500;
    private static final int STOCK_PORT = 20_501;
    private static final JsonMapper JSON = new JsonMapper();

    private final Opened open;
    private final Terms terms;
    private final Path data;
    private final Path engine;
    private final Star star;

    /** Whoever starts them closes {@code open}. */
    TwoSplits(Opened open, Terms terms, Path data) throws Exception {
        this.open = open;
        this.terms = terms;
        this.data = data;
        this.engine = RealEngine.orSkip().folder();
        this.star = Star.of(open.keep(Lab.open()), terms);
    }

    /** What both are given; {@code hasFile} is whether mesh's workers hold the model when they begin to lend. */
    record Terms(String model, int workers, boolean hasFile, double rttMillis, long bitsPerSecond, int contextTokens) {}

    /** One of the two, and what its load took. The daemons are the processes that llama.cpp by itself does without. */
    record Split(
            String name, String api, long modelBytes, double loadSeconds, long loadBytes, List<ProcessHandle> daemons) {
        double loadPercent() {
            return 100.0 * loadBytes / modelBytes;
        }

        private double daemonMillis() {
            return daemons.stream()
                    .map(each -> each.info().totalCpuDuration().orElse(Duration.ZERO))
                    .mapToDouble(used -> used.toNanos() / 1e6)
                    .sum();
        }
    }

    /** What one answer took: by the engine's clock, on the cable both ways with headers, and of the daemons' processors. */
    record Took(int promptTokens, double promptMillis, double tokenMillis, long bytes, double daemonMillis) {
        double promptPerSecond() {
            return 1_000 * promptTokens / promptMillis;
        }
    }

    /** Mesh's, then llama.cpp's. */
    List<Split> load() throws Exception {
        var units = new ArrayList<Integer>();
        Split mesh = mesh(units);
        return List.of(mesh, stock(units.subList(1, units.size())));
    }

    Took ask(Split split, List<Integer> prompt, int tokens) throws Exception {
        long bytesBefore = star.link().carriedBytes();
        double daemonMillisBefore = split.daemonMillis();
        String body = JSON.writeValueAsString(Map.of(
                "model", terms.model(), "prompt", prompt, "max_tokens", tokens, "temperature", 0, "ignore_eos", true));
        JsonNode answer = JSON.readTree(curl(star.here(), split.api() + "/v1/completions", body));
        JsonNode timings = answer.path("timings");
        assertThat(timings.path("prompt_n").asInt()).as(answer.toString()).isEqualTo(prompt.size());
        return new Took(
                prompt.size(),
                timings.path("prompt_ms").asDouble(),
                timings.path("predicted_per_token_ms").asDouble(),
                star.link().carriedBytes() - bytesBefore,
                split.daemonMillis() - daemonMillisBefore);
    }

    /** The host, its workers, and the cable that is measured. */
    private record Star(Lab.Space here, List<Lab.Space> workers, Pump link) {
        /** One worker has the cable to itself; of several each has half the round trip to the switch between them all. */
        static Star of(Lab lab, Terms terms) throws Exception {
            Lab.Space here = lab.space("here");
            var workers = new ArrayList<Lab.Space>();
            for (int i = 0; i < terms.workers(); i++) workers.add(lab.space("there" + i));
            boolean isAlone = terms.workers() == 1;
            var cable = new Pump.Weather(terms.rttMillis() / (isAlone ? 2 : 4), 0, 5, terms.bitsPerSecond());
            if (isAlone)
                return new Star(
                        here, workers, join(lab, here, "10.50.0.1/24", workers.getFirst(), "10.50.0.2/24", cable));
            Lab.Space center = lab.space("switch");
            Pump link = join(lab, here, "10.50.0.1/30", center, "10.50.0.2/30", cable);
            here.ip("route", "add", "default", "via", "10.50.0.2");
            for (int i = 0; i < terms.workers(); i++) {
                String net = "10.50." + (i + 1) + ".";
                join(lab, workers.get(i), net + "1/30", center, net + "2/30", cable);
                workers.get(i).ip("route", "add", "default", "via", net + "2");
            }
            center.forward();
            return new Star(here, workers, link);
        }

        private static Pump join(
                Lab lab, Lab.Space one, String address, Lab.Space two, String other, Pump.Weather cable)
                throws Exception {
            return lab.joinSlowly(one, "eth0", address, two, "to" + address.split("\\.")[2], other, cable);
        }

        String address(int worker) {
            return workers.size() == 1 ? "10.50.0.2" : "10.50." + (worker + 1) + ".1";
        }
    }

    /** Adds the units of the host and of each worker. */
    private Split mesh(List<Integer> units) throws Exception {
        if (terms.model().equals(WideModel.NAME)) giveAll();
        String[] model = {
            "--model",
            terms.model(),
            "--split",
            "--bin-dir",
            engine.toString(),
            "--parallel",
            "1",
            "--ctx-size",
            terms.contextTokens() + ""
        };
        String parts = "1" + ",1".repeat(terms.workers());
        String[] hosting = terms.workers() == 1 ? model : with(model, "--tensor-split", parts);
        var host = open.keep(WanNode.measured(star.here(), data, "host", with(hosting, "--max-vram", "2")));
        host.node().await("model.ready");
        long bytesBefore = star.link().carriedBytes();
        var daemons = new ArrayList<>(List.of(host.node().handle()));
        for (int i = 0; i < terms.workers(); i++)
            daemons.add(open.keep(worker(i, model, host)).node().handle());
        JsonNode ready = host.node()
                .await("model.ready", each -> each.path("tensorSplit").size() == terms.workers() + 1);
        JsonNode loaded = host.node().await("split.loaded");
        long bytes = star.link().carriedBytes() - bytesBefore;
        ready.path("tensorSplit").forEach(share -> units.add(share.asInt()));
        double seconds = loaded.path("loadMillis").asLong() / 1e3;
        return new Split("mesh", host.node().api(), Files.size(model("host")), seconds, bytes, daemons);
    }

    private void giveAll() throws IOException {
        var names = new ArrayList<>(List.of("host"));
        for (int i = 0; i < terms.workers(); i++) names.add("worker" + i);
        for (String name : names)
            WideModel.write(Files.createDirectories(data.resolve(name).resolve("models"))
                    .resolve(WideModel.NAME + ".gguf"));
    }

    /** One that shall have no file begins in a mesh of its own, where the model is made, and loses it before it goes over. */
    private WanNode worker(int number, String[] model, WanNode host) throws Exception {
        Lab.Space there = star.workers().get(number);
        String name = "worker" + number;
        String invite = host.node().invite();
        if (terms.hasFile())
            return WanNode.measured(there, data, name, with(model, "--max-vram", "1", "--join", invite));
        WanNode node = WanNode.measured(there, data, name, with(model, "--max-vram", "1"));
        node.node().await("model.ready");
        Files.delete(model(name));
        String joined = curl(
                there,
                node.node().management() + "/mesh/v1/join",
                JSON.writeValueAsString(Map.of("token", invite, "leave", true)));
        assertThat(joined).doesNotContain("\"error\"");
        return node;
    }

    private Split stock(List<Integer> units) throws Exception {
        var endpoints = new ArrayList<String>();
        for (int i = 0; i < terms.workers(); i++) {
            String rpc = engine.resolve("rpc-server").toString();
            Lab.Space there = star.workers().get(i);
            open.keep(run(there, rpc, "-H", star.address(i), "-p", RPC_PORT + "", "-t", "1"));
            awaitListening(there);
            endpoints.add(star.address(i) + ":" + RPC_PORT);
        }
        String[] line = {
            engine.resolve("llama-server").toString(),
            "-m",
            model("host").toString(),
            "--host",
            "127.0.0.1",
            "--port",
            STOCK_PORT + "",
            "--rpc",
            String.join(",", endpoints),
            "-ngl",
            units.stream().mapToInt(Integer::intValue).sum() + "",
            "-ts",
            String.join(",", units.stream().map(String::valueOf).toList()),
            "-sm",
            "layer",
            "-fit",
            "off",
            "-c",
            terms.contextTokens() + "",
            "-np",
            "1",
            "-t",
            "1",
            "-cram",
            "0",
            "--offline",
            "--no-ui"
        };
        long bytesBefore = star.link().carriedBytes();
        long begun = System.nanoTime();
        open.keep(run(star.here(), line));
        String api = "http://127.0.0.1:" + STOCK_PORT;
        while (!curl(star.here(), api + "/health", "").contains("\"ok\""))
            assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.MINUTES.toNanos(2));
        double seconds = (System.nanoTime() - begun) / 1e9;
        long bytes = star.link().carriedBytes() - bytesBefore;
        return new Split("llama.cpp", api, Files.size(model("host")), seconds, bytes, List.of());
    }

    private Path model(String node) throws IOException {
        try (var files = Files.walk(data.resolve(node))) {
            return files.filter(path -> path.toString().endsWith(".gguf"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void awaitListening(Lab.Space there) throws Exception {
        String port = Integer.toHexString(RPC_PORT).toUpperCase(Locale.ROOT);
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            try {
                there.run("sh", "-c", "grep -q ':" + port + " ' /proc/net/tcp");
                return;
            } catch (IOException notYet) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
    }

    /** What was answered to the body, or without one to a look, and nothing where nobody answers. */
    private static String curl(Lab.Space space, String url, String body) throws IOException {
        var line = new ArrayList<>(space.prefix());
        line.addAll(List.of("curl", "-sS", "--max-time", "300"));
        // From standard input: a long prompt is no argument.
        if (!body.isEmpty())
            line.addAll(List.of("-H", "content-type: application/json", "-H", "x-mesh-console: 1", "-d", "@-"));
        line.add(url);
        Process curl = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var input = curl.outputWriter(StandardCharsets.UTF_8)) {
            input.write(body);
        }
        return new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
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
}
