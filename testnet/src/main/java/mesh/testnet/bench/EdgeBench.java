package mesh.testnet.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.daemon.api.Models;
import mesh.daemon.api.OpenAiApi;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.TcpEngine;

/**
 * What the edge adds: the same requests straight to an engine that answers at once and through the edge, turn by turn so
 * that noise falls on both. {@code EdgeBench FILE [ENGINE-PORT MODEL]} writes a Markdown table to FILE; with a port it
 * measures before a real llama-server, whose key must be {@value #KEY}.
 */
public final class EdgeBench {
    static final String KEY = "bench";

    private static final int WARM_UP_MILLIS = 4_000;
    private static final int TURN_MILLIS = 2_000;
    private static final int TURNS = 5;
    private static final int THINK_MILLIS = 20;

    /** Streams of this many events; the last one is {@code [DONE]}. */
    private static final int EVENTS = 32;

    private final List<String> lines = new ArrayList<>();
    private final String plain;
    private final String stream;

    private EdgeBench(String model) {
        String messages = "\"messages\":[{\"role\":\"system\",\"content\":\"" + "You are terse. ".repeat(40)
                + "\"},{\"role\":\"user\",\"content\":\"recite\"}],\"max_tokens\":26";
        plain = "{" + messages + ",\"model\":\"" + model + "\"}";
        stream = "{" + messages + ",\"stream\":true,\"model\":\"" + model + "\"}";
    }

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]);
        boolean isReal = args.length == 3;
        var bench = new EdgeBench(isReal ? args[2] : "bench");
        if (isReal) bench.measureBefore(Integer.parseInt(args[1]), args[2]);
        else bench.measureBeforeMock();
        Files.write(file, bench.lines);
    }

    private void measureBeforeMock() throws Exception {
        head();
        try (var instant = new BenchEngine(0, EVENTS);
                var thinking = new BenchEngine(THINK_MILLIS, EVENTS);
                var loops = EdgeLoops.start()) {
            try (var edge = edge(loops, instant.port(), "bench")) {
                compare("plain, 1 caller", plain, 1, instant.port(), edge.port());
                compare("stream of " + EVENTS + ", 1 caller", stream, 1, instant.port(), edge.port());
                compare("plain, 32 callers", plain, 32, instant.port(), edge.port());
                compare("stream of " + EVENTS + ", 32 callers", stream, 32, instant.port(), edge.port());
            }
            try (var edge = edge(loops, thinking.port(), "bench")) {
                String what = "plain, engine thinks " + THINK_MILLIS + " ms, ";
                compare(what + "100 callers", plain, 100, thinking.port(), edge.port());
                compare(what + "300 callers", plain, 300, thinking.port(), edge.port());
            }
        }
    }

    private void measureBefore(int enginePort, String model) throws Exception {
        head();
        try (var loops = EdgeLoops.start();
                var edge = edge(loops, enginePort, model)) {
            compare("llama-server, plain, 1 caller", plain, 1, enginePort, edge.port());
            compare("llama-server, stream, 1 caller", stream, 1, enginePort, edge.port());
        }
    }

    private void head() {
        lines.add(
                "| what | direct p50 / p99 µs | edge p50 / p99 µs | added p50 / p99 µs | first byte added p50 / p99 µs"
                        + " | requests/s direct / edge | CPU µs per request direct / edge |");
        lines.add("|---|---|---|---|---|---|---|");
    }

    private void compare(String what, String body, int callers, int directPort, int edgePort) throws Exception {
        var direct = new BenchCallers(directPort, body, callers);
        var edge = new BenchCallers(edgePort, body, callers);
        direct.run(WARM_UP_MILLIS / 2);
        edge.run(WARM_UP_MILLIS);
        direct.forget();
        edge.forget();
        for (int turn = 0; turn < TURNS; turn++) {
            direct.run(TURN_MILLIS);
            edge.run(TURN_MILLIS);
        }
        lines.add(String.format(
                Locale.ROOT,
                "| %s | %d / %d | %d / %d | %d / %d | %d / %d | %d / %d | %d / %d |",
                what,
                direct.wholeMicros(50),
                direct.wholeMicros(99),
                edge.wholeMicros(50),
                edge.wholeMicros(99),
                edge.wholeMicros(50) - direct.wholeMicros(50),
                edge.wholeMicros(99) - direct.wholeMicros(99),
                edge.firstMicros(50) - direct.firstMicros(50),
                edge.firstMicros(99) - direct.firstMicros(99),
                direct.perSecond(),
                edge.perSecond(),
                direct.cpuMicros(),
                edge.cpuMicros()));
    }

    private static EdgeServer edge(EdgeLoops loops, int enginePort, String model) throws IOException {
        var upstream = new TcpEngine(new InetSocketAddress(InetAddress.getLoopbackAddress(), enginePort), KEY);
        var routes = new RouteTable();
        new OpenAiApi(new OneModel(upstream, model)).addTo(routes);
        return EdgeServer.start(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                routes,
                EdgeSettings.loopbackOnly(Files.createTempDirectory("edge-bench")),
                served -> {});
    }

    /** One model, ready. */
    private record OneModel(TcpEngine upstream, String model) implements Models {
        @Override
        public Optional<Answer> obstacle(String name) {
            return Optional.empty();
        }

        @Override
        public List<Entry> list() {
            return List.of(new Entry(model, State.READY, "", 4_096, 0, 1, "bench", List.of("bench")));
        }

        @Override
        public Answer find(Wish wish) {
            return wish.model().equals(model)
                    ? new Answer.Ready(Course.only(upstream))
                    : new Answer.Unknown(List.of(model));
        }
    }
}
