package mesh.testnet.browser;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import mesh.testnet.node.RealNode;
import org.jspecify.annotations.Nullable;

/**
 * The console's files and a feed of one's own making, for what real daemons cannot show within seconds: two hundred nodes,
 * an hour of changes, an answer of thousands of pieces. It speaks the form of docs/api.md, as {@link ConsoleIT} and {@link
 * PagesIT} see it from real ones. One reader of the feed; its words are sent by the test's thread.
 */
final class FakeFeed implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpServer server;
    private final Map<String, Object> entities = new TreeMap<>();
    private final CountDownLatch hasReader = new CountDownLatch(1);
    private final CountDownLatch isOver = new CountDownLatch(1);
    private final StringBuilder unsent = new StringBuilder();
    private final List<JsonNode> questions = new CopyOnWriteArrayList<>();
    private volatile List<String> pieces = List.of("yes");
    private volatile OutputStream reader = OutputStream.nullOutputStream();
    private long version = 1;

    FakeFeed() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/mesh/v1/events", this::stream);
        server.createContext("/v1/chat/completions", this::answer);
        server.createContext("/", FakeFeed::file);
        server.start();
    }

    String root() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Of the first state; to be called before a page is opened. */
    FakeFeed with(Map<String, Object> first) {
        entities.putAll(first);
        return this;
    }

    /** What every question of the chat is answered with from now on. */
    FakeFeed answering(List<String> words) {
        pieces = words;
        return this;
    }

    /** What the chat asked, whole. */
    List<JsonNode> questions() {
        return questions;
    }

    /** Adds a delta of one entity to what {@link #send} takes along; a null takes the entity away. */
    void change(String key, @Nullable Object entity) throws JsonProcessingException {
        var changed = new LinkedHashMap<String, Object>();
        changed.put(key, entity);
        change(changed);
    }

    void change(Map<String, Object> changed) throws JsonProcessingException {
        version++;
        unsent.append(event("delta", version, document(changed)));
    }

    void log(Map<String, Object> line) throws JsonProcessingException {
        unsent.append("event: log\ndata: ")
                .append(JSON.writeValueAsString(line))
                .append("\n\n");
    }

    void send() throws IOException, InterruptedException {
        if (!hasReader.await(RealNode.PATIENCE.toSeconds(), TimeUnit.SECONDS)) throw new IOException("nobody reads");
        reader.write(unsent.toString().getBytes(StandardCharsets.UTF_8));
        reader.flush();
        unsent.setLength(0);
    }

    private void stream(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("content-type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        OutputStream body = exchange.getResponseBody();
        body.write(event("state", version, document(entities)).getBytes(StandardCharsets.UTF_8));
        body.flush();
        reader = body;
        hasReader.countDown();
        try {
            isOver.await();
        } catch (InterruptedException stopped) {
            exchange.close();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        questions.add(JSON.readTree(exchange.getRequestBody()));
        exchange.getResponseHeaders().set("content-type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        try (exchange;
                var body = new BufferedOutputStream(exchange.getResponseBody())) {
            for (String piece : pieces) {
                var chunk = Map.of("choices", List.of(Map.of("delta", Map.of("content", piece))));
                body.write(("data: " + JSON.writeValueAsString(chunk) + "\n\n").getBytes(StandardCharsets.UTF_8));
            }
            body.write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String event(String name, long version, String data) {
        return "event: " + name + "\nid: fake-" + version + "\ndata: " + data + "\n\n";
    }

    private String document(Map<String, Object> some) throws JsonProcessingException {
        return JSON.writeValueAsString(
                Map.of("version", version, "atMillis", System.currentTimeMillis(), "entities", some));
    }

    private static void file(HttpExchange exchange) throws IOException {
        String name = exchange.getRequestURI().getPath().substring(1);
        Path file = BundleWeightTest.BUNDLE.resolve(name.isEmpty() ? "index.html" : name);
        String type = file.toString().endsWith(".js")
                ? "text/javascript"
                : file.toString().endsWith(".css") ? "text/css" : "text/html";
        exchange.getResponseHeaders().set("content-type", type + "; charset=utf-8");
        boolean isThere = Files.isRegularFile(file);
        byte[] bytes = isThere ? Files.readAllBytes(file) : new byte[0];
        exchange.sendResponseHeaders(isThere ? 200 : 404, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        isOver.countDown();
        server.stop(0);
    }
}
