package mesh.testnet.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A mesh of two hundred nodes on one page: it moves smoothly, and does not grow while it is left open. */
class SwarmIT {
    private static final int NODES = 200;
    private static final long SEED = 9;

    private static final double FRAMES_PER_SECOND_MIN = 30;
    private static final boolean IS_TIMED = Boolean.getBoolean("mesh.frames");
    private static final int DRAG_STEPS = 20;

    /** Nodes move to their places for half a second. */
    private static final double PLACES_TAKEN_MILLIS = 800;

    /** One node heard of each quarter of a second, a request and a line of the log each second. */
    private static final int CHANGES_PER_HOUR = 4 * 3_600;

    private static final int CHANGES_PER_WRITE = 40;
    private static final int REQUESTS_KEPT = 256;
    private static final long GROWTH_BYTES_MAX = 4_000_000;

    private final Random random = new Random(SEED);

    @Test
    void mapOfTwoHundredIsDraggedWhileNodesChange() throws Exception {
        try (FakeFeed feed = swarm();
                Tab tab = Tab.open(feed.root(), "overview")) {
            tab.awaitShown(tab.node("node-199"));
            tab.page().waitForTimeout(PLACES_TAKEN_MILLIS);
            tab.shoot("swarm");

            double framesPerSecond = framesPerSecondOfADrag(tab, feed);

            tab.awaitShown(tab.page().getByText("Whole map"));
            // A machine that is busy elsewhere shows its own limits, so the figure is asked for by who has a quiet one.
            if (IS_TIMED) assertThat(framesPerSecond).isGreaterThanOrEqualTo(FRAMES_PER_SECOND_MIN);
        }
    }

    private double framesPerSecondOfADrag(Tab tab, FakeFeed feed) throws Exception {
        tab.page().evaluate("""
                () => {
                  window.frames_ = []
                  const frame = now => { frames_.push(now); requestAnimationFrame(frame) }
                  requestAnimationFrame(frame)
                }""");
        var map = tab.page().locator(".map-drawing").boundingBox();
        tab.page().mouse().move(map.x + 40, map.y + 40);
        tab.page().mouse().down();
        int steps = IS_TIMED ? 10 * DRAG_STEPS : DRAG_STEPS;
        for (int i = 0; i < steps; i++) {
            for (int each = 0; each < 5; each++) {
                int number = (i * 7 + each) % NODES;
                feed.change(key(number), node(number));
            }
            feed.send();
            tab.page().mouse().move(map.x + 40 + i % 200, map.y + 40 + i % 100);
        }
        tab.page().mouse().up();
        return ((Number) tab.page().evaluate("() => 1000 * (frames_.length - 1) / (frames_.at(-1) - frames_[0])"))
                .doubleValue();
    }

    @Test
    void hourOfChangesLeavesThePageNoBigger() throws Exception {
        // By the half hour that goes before, all that is bounded is full.
        try (FakeFeed feed = swarm();
                Tab tab = Tab.open(feed.root(), "overview")) {
            CDPSession session = tab.page().context().newCDPSession(tab.page());
            run(feed, tab, 0, CHANGES_PER_HOUR / 2);
            long before = heapBytes(session);

            run(feed, tab, CHANGES_PER_HOUR / 2, CHANGES_PER_HOUR * 3 / 2);

            assertThat(heapBytes(session) - before).isLessThan(GROWTH_BYTES_MAX);
        }
    }

    private void run(FakeFeed feed, Tab tab, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            feed.change(key(i), node(i % NODES));
            if (i % 4 == 0) {
                feed.change("request/" + i, request(i));
                if (i >= 4 * REQUESTS_KEPT) feed.change("request/" + (i - 4 * REQUESTS_KEPT), null);
                feed.log(Map.of(
                        "atMillis", System.currentTimeMillis(), "level", "info", "event", "peer.joined", "number", i));
            }
            if (i % CHANGES_PER_WRITE == CHANGES_PER_WRITE - 1) feed.send();
        }
        // The page has read everything when it shows the last of it.
        feed.change("self", self("at-" + to));
        feed.send();
        tab.awaitText("at-" + to);
    }

    private static long heapBytes(CDPSession session) {
        session.send("HeapProfiler.collectGarbage");
        session.send("Performance.enable");
        JsonObject metrics = session.send("Performance.getMetrics");
        for (var metric : metrics.getAsJsonArray("metrics"))
            if (metric.getAsJsonObject().get("name").getAsString().equals("JSHeapUsedSize"))
                return metric.getAsJsonObject().get("value").getAsLong();
        throw new AssertionError("no figure for the heap");
    }

    private FakeFeed swarm() throws Exception {
        Chromium.orSkip();
        FakeFeed feed = new FakeFeed().with("self", self("ada"));
        for (int i = 0; i < NODES; i++) feed.with(key(i), node(i));
        return feed;
    }

    private static Map<String, Object> self(String name) {
        return Map.of("name", name, "version", "0.1.0", "apiUrl", "http://127.0.0.1:9337");
    }

    private static String key(int number) {
        return "node/" + id(number);
    }

    private static String id(int number) {
        return String.format("%064x", number % NODES);
    }

    private Map<String, Object> node(int number) {
        var node = new LinkedHashMap<String, Object>();
        node.put("id", id(number));
        node.put("name", "node-" + number);
        node.put("role", List.of("host", "worker", "standby", "client").get(number % 4));
        node.put("state", number == 0 ? "self" : "alive");
        node.put("memoryBytes", (8L + number % 5 * 16L) << 30);
        node.put("memoryUsedBytes", (long) random.nextInt(8) << 30);
        if (number > 0) node.put("rttMillis", 1 + random.nextDouble() * 100);
        node.put("path", number % 9 == 0 ? "relay" : "lan");
        node.put("heardMillis", System.currentTimeMillis());
        return node;
    }

    private static Map<String, Object> request(int number) {
        var request = new LinkedHashMap<String, Object>();
        request.put("id", String.valueOf(number));
        request.put("startedMillis", System.currentTimeMillis());
        request.put("path", "/v1/chat/completions");
        request.put("model", "demo");
        request.put("node", "node-" + number % NODES);
        request.put("route", "peer");
        request.put("status", 200);
        request.put("ending", "whole");
        request.put("totalMillis", 40);
        request.put("answerTokens", 26);
        request.put("attempts", List.of());
        return request;
    }
}
