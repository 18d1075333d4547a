package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import mesh.daemon.models.DemoModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes fetch a model at once from a third, first from it alone, then from each other too. Every node has an uplink
 * of its own, as wide in both directions; real daemons, one after the other, no engine. Prints the rows of
 * {@code docs/benchmarks.md}; {@code -Dmesh.bench.mbits=50} says how wide, {@code -Dmesh.bench.model} which demo.
 */
class CopyBench {
    private static final DemoModel MODEL = DemoModel.named(System.getProperty("mesh.bench.model", "demo-large"))
            .orElseThrow();

    private static final long BITS_PER_SECOND = Long.getLong("mesh.bench.mbits", 50) * 1_000_000;
    private static final double DELAY_MILLIS = 2.5;
    private static final String NAME = "wanted.gguf";
    private static final int PIECE_BYTES = 1 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long LOOK_MILLIS = 100;

    @TempDir
    Path folder;

    private final Opened open = new Opened();

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    /** What it took until both had it. */
    private record Figures(double seconds, double sourceCopies) {
        String row(String name) {
            return String.format(Locale.ROOT, "| %s | %.1f s | %.2f |", name, seconds, sourceCopies);
        }
    }

    @Test
    void twoFetchFromAThirdAndFromEachOther() throws Exception {
        Path model = folder.resolve(NAME);
        make(model);
        System.out.printf(
                Locale.ROOT,
                "%d MB, %d Mbit/s each way: once over one uplink takes %.1f s%n",
                MODEL.size() / 1_000_000,
                BITS_PER_SECOND / 1_000_000,
                MODEL.size() * 8.0 / BITS_PER_SECOND);
        System.out.println("| two nodes fetch | both have it after | the source sent, models |");
        System.out.println("|---|---|---|");

        Figures alone = measure("alone", model, "--share", "none");
        System.out.println(alone.row("from one source"));
        Figures both = measure("both", model);
        System.out.println(both.row("from it and from each other"));

        assertThat(both.seconds()).isLessThan(alone.seconds());
    }

    private Figures measure(String name, Path model, String... more) throws Exception {
        Lab lab = open.keep(Lab.open());
        Lab.Space router = lab.space("router");
        router.forward();
        Path data = folder.resolve(name);
        Path given = data.resolve("source").resolve("models").resolve(NAME);
        Files.createDirectories(given.getParent());
        Files.createLink(given, model);
        WanNode source = open.keep(WanNode.measured(home(lab, router, 1), data, "source"));
        var wanting = new ArrayList<WanNode>();
        for (int i = 2; i <= 3; i++) {
            var line = new ArrayList<>(List.of(more));
            line.addAll(List.of("--join", source.node().invite()));
            wanting.add(open.keep(
                    WanNode.measured(home(lab, router, i), data, "wanting" + i, line.toArray(String[]::new))));
        }
        for (WanNode each : wanting) each.awaitPeers(2);
        for (WanNode each : wanting) ask(each);
        var begun = new ArrayList<Instant>();
        var ended = new ArrayList<Instant>();
        for (WanNode each : wanting) {
            ended.add(at(each, "download.done"));
            begun.add(at(each, "copy.started"));
            assertThat(Files.mismatch(
                            model, data.resolve(each.name()).resolve("models").resolve(NAME)))
                    .isEqualTo(-1);
        }
        // It says what it gave when those who ask hang up.
        end();
        long sent = source.node().events("copy.served").stream()
                .mapToLong(event -> event.path("bytes").asLong())
                .sum();
        Instant first = begun.stream().min(Comparator.naturalOrder()).orElseThrow();
        Instant last = ended.stream().max(Comparator.naturalOrder()).orElseThrow();
        return new Figures(Duration.between(first, last).toMillis() / 1e3, sent / (double) MODEL.size());
    }

    private static Lab.Space home(Lab lab, Lab.Space router, int number) throws Exception {
        Lab.Space home = lab.space("home" + number);
        String network = "10.60." + number + ".";
        var weather = new Pump.Weather(DELAY_MILLIS, 0, number, BITS_PER_SECOND);
        lab.joinSlowly(home, "eth0", network + "2/24", router, "home" + number, network + "1/24", weather);
        home.ip("route", "add", "default", "via", network + "1");
        return home;
    }

    private static void ask(WanNode node) throws Exception {
        Process curl = node.run(
                "curl",
                "-sS",
                "--max-time",
                "20",
                "-H",
                "content-type: application/json",
                "-H",
                "x-mesh-console: 1",
                "-d",
                "{\"model\": \"wanted\"}",
                node.node().management() + "/mesh/v1/models");
        String said = new String(curl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(curl.waitFor()).as(said).isZero();
    }

    private static Instant at(WanNode node, String event) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            List<JsonNode> heard = node.node().events(event);
            if (!heard.isEmpty())
                return Instant.parse(heard.getFirst().path("time").asText());
            assertThat(System.nanoTime())
                    .as(
                            "%s of %s, which said %s",
                            event, node.name(), node.node().said())
                    .isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private static void make(Path file) throws IOException {
        try (var out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < MODEL.size(); at += PIECE_BYTES) {
                ByteBuffer piece = MODEL.read(at, PIECE_BYTES);
                while (piece.hasRemaining()) out.write(piece);
            }
        }
    }
}
