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
import java.util.function.Supplier;
import mesh.daemon.api.Models;
import mesh.daemon.api.OpenAiApi;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.TcpEngine;

/**
 * What the edge adds: the same requests straight to an engine, through nginx, through the edge, and through the edge, a
 * QUIC connection and a peer's edge, turn by turn so that noise falls on all. {@code EdgeBench FILE [ENGINE-PORT MODEL]}
 * prints a Markdown table and writes it to FILE; with a port it measures before a real llama-server, whose key must be
 * {@value #KEY}. Engine, edges and callers share this process; nginx is one of its own, and left out where there is none.
 */
public final class EdgeBench {
    static final String KEY = "bench";

    private static final int WARM_UP_MILLIS = 2_000;
    private static final int TURN_MILLIS = 1_000;
    private static final int TURNS = 5;
    private static final int THINK_MILLIS = 20;

    /** Streams of this many events; the last one is {@code [DONE]}. */
    private static final int EVENTS = 32;

    /** With no more than the table's head written, nothing is compiled yet. */
    private static final int FIRST_LINES = 4;

    /** As fast as a quick engine writes. */
    private static final int TOKEN_MILLIS = 2;

    private final List<String> lines = new ArrayList<>();
    private final String model;
    private final String plain;
    private final String stream;

    /** One way to the engine. */
    private record Way(String name, int port) {}

    private EdgeBench(String model) {
        this.model = model;
        String messages = "\"messages\":[{\"role\":\"system\",\"content\":\"" + "You are terse. ".repeat(40)
                + "\"},{\"role\":\"user\",\"content\":\"recite\"}],\"max_tokens\":26";
        plain = "{" + messages + ",\"model\":\"" + model + "\"}";
        stream = "{" + messages + ",\"stream\":true,\"model\":\"" + model + "\"}";
    }

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]);
        boolean isReal = args.length == 3;
        var bench = new EdgeBench(isReal ? args[2] : "bench");
        if (isReal) bench.measureBefore(Integer.parseInt(args[1]));
        else bench.measureBeforeMock();
        Files.write(file, bench.lines);
        System.getLogger(EdgeBench.class.getName())
                .log(System.Logger.Level.INFO, "\n" + String.join("\n", bench.lines));
    }

    private void measureBeforeMock() throws Exception {
        head();
        try (var instant = new BenchEngine(0, EVENTS, 0)) {
            overAllWays(instant.port(), ways -> {
                compare("plain, 1 caller", plain, 1, ways);
                compare("stream of " + EVENTS + ", 1 caller", stream, 1, ways);
                compare("plain, 32 callers", plain, 32, ways);
                compare("stream of " + EVENTS + ", 32 callers", stream, 32, ways);
            });
        }
        try (var thinking = new BenchEngine(THINK_MILLIS, EVENTS, 0)) {
            overAllWays(
                    thinking.port(),
                    ways -> compare("plain, engine thinks " + THINK_MILLIS + " ms, 300 callers", plain, 300, ways));
        }
        try (var paced = new BenchEngine(0, EVENTS, TOKEN_MILLIS)) {
            overAllWays(
                    paced.port(),
                    ways -> compare("stream, a token each " + TOKEN_MILLIS + " ms, 1 caller", stream, 1, ways));
        }
    }

    private void measureBefore(int enginePort) throws Exception {
        head();
        overAllWays(enginePort, ways -> {
            compare("llama-server, plain, 1 caller", plain, 1, ways);
            compare("llama-server, stream, 1 caller", stream, 1, ways);
        });
    }

    /** What is done with the ways to one engine. */
    private interface Measure {
        void over(List<Way> ways) throws Exception;
    }

    private void overAllWays(int enginePort, Measure measure) throws Exception {
        var engine = new TcpEngine(new InetSocketAddress(InetAddress.getLoopbackAddress(), enginePort), KEY);
        var nginx = BenchNginx.before(enginePort);
        try (var loops = EdgeLoops.start();
                var hop = new BenchHop(engine);
                var edge = edge(loops, () -> Course.only(engine));
                var far = edge(loops, () -> hop.course(model))) {
            var ways = new ArrayList<Way>(List.of(new Way("direct", enginePort)));
            nginx.ifPresent(there -> ways.add(new Way("nginx", there.port())));
            if (nginx.isEmpty()) lines.add("| no nginx on this machine | | | | | | | |");
            ways.add(new Way("edge", edge.port()));
            ways.add(new Way("edge, QUIC, peer", far.port()));
            measure.over(ways);
        } finally {
            nginx.ifPresent(BenchNginx::close);
        }
    }

    private void head() {
        lines.add("| what | way | whole p50 / p99 µs | added p50 / p99 µs | first byte added p50 / p99 µs"
                + " | per token p50 / p99 µs | requests/s | CPU µs per request |");
        lines.add("|---|---|---|---|---|---|---|---|");
    }

    private void compare(String what, String body, int count, List<Way> ways) throws Exception {
        var callers = new ArrayList<BenchCallers>();
        for (Way way : ways) callers.add(new BenchCallers(way.port(), body, count));
        for (BenchCallers each : callers) each.run(lines.size() < FIRST_LINES ? 2 * WARM_UP_MILLIS : WARM_UP_MILLIS);
        for (BenchCallers each : callers) each.forget();
        for (int turn = 0; turn < TURNS; turn++) for (BenchCallers each : callers) each.run(TURN_MILLIS);
        BenchCallers direct = callers.getFirst();
        for (int i = 0; i < ways.size(); i++) {
            BenchCallers way = callers.get(i);
            lines.add(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d / %d | %d / %d | %d / %d | %s | %d | %s |",
                    what,
                    ways.get(i).name(),
                    way.wholeMicros(50),
                    way.wholeMicros(99),
                    way.wholeMicros(50) - direct.wholeMicros(50),
                    way.wholeMicros(99) - direct.wholeMicros(99),
                    way.firstMicros(50) - direct.firstMicros(50),
                    way.firstMicros(99) - direct.firstMicros(99),
                    way.hasTokens() ? way.tokenMicros(50) + " / " + way.tokenMicros(99) : "–",
                    way.perSecond(),
                    ways.get(i).name().equals("nginx") ? "–" : Long.toString(way.cpuMicros())));
            way.close();
        }
    }

    private EdgeServer edge(EdgeLoops loops, Supplier<Course> courses) throws IOException {
        var routes = new RouteTable();
        new OpenAiApi(new OneModel(courses, model)).addTo(routes);
        return EdgeServer.start(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                routes,
                EdgeSettings.loopbackOnly(Files.createTempDirectory("edge-bench")),
                served -> {});
    }

    /** One model, ready. */
    private record OneModel(Supplier<Course> courses, String model) implements Models {
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
            return wish.model().equals(model) ? new Answer.Ready(courses.get()) : new Answer.Unknown(List.of(model));
        }
    }
}
