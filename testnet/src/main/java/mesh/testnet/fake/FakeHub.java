package mesh.testnet.fake;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.core.model.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A place on loopback that files are fetched from, with ranges, ETags and a speed, and with whatever trouble a test
 * writes down: each request may be answered by a script instead. One request per connection, so that resetting one means
 * what it says. A virtual thread per connection.
 */
public final class FakeHub implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 << 10;
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

    private final ServerSocket listening;
    private final Map<String, Asset> assets = new ConcurrentHashMap<>();
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    /**
     * A file as it is served.
     *
     * @param etag quoted as in the header; empty for none
     * @param bytesPerSecond of one connection; 0 = as fast as it goes
     */
    public record Asset(Bytes content, String etag, long bytesPerSecond, boolean hasRanges) {
        public Asset(Bytes content) {
            this(content, "\"1\"", 0, true);
        }

        public Asset(byte[] content) {
            this(bytes(content));
        }

        public Asset withEtag(String other) {
            return new Asset(content, other, bytesPerSecond, hasRanges);
        }

        public Asset atBytesPerSecond(long speed) {
            return new Asset(content, etag, speed, hasRanges);
        }

        public Asset withoutRanges() {
            return new Asset(content, etag, bytesPerSecond, false);
        }
    }

    /** One request; {@code number} counts those of its path from 1. */
    public record Asked(String method, String path, Map<String, String> headers, int number) {
        public String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /** Answers a request, or leaves it to the asset by answering false. */
    public interface Script {
        boolean answer(Asked asked, Wire wire) throws IOException, InterruptedException;
    }

    private FakeHub(ServerSocket listening) {
        this.listening = listening;
    }

    public static FakeHub start() throws IOException {
        var hub = new FakeHub(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()));
        Thread.ofVirtual().name("fake-hub").start(hub::accept);
        return hub;
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort() + path);
    }

    public FakeHub serve(String path, Asset asset) {
        assets.put(path, asset);
        return this;
    }

    public FakeHub script(String path, Script script) {
        scripts.put(path, script);
        return this;
    }

    public List<Asked> asked() {
        return new ArrayList<>(asked);
    }

    public List<Asked> asked(String path) {
        return asked.stream().filter(one -> one.path().equals(path)).toList();
    }

    public static Bytes bytes(byte[] content) {
        return new Bytes() {
            @Override
            public long size() {
                return content.length;
            }

            @Override
            public ByteBuffer read(long offset, int length) {
                int from = (int) Math.min(offset, content.length);
                return ByteBuffer.wrap(content, from, Math.min(length, content.length - from))
                        .slice();
            }
        };
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                open.add(socket);
                Thread.ofVirtual().name("fake-hub-connection").start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            Asked request = read(socket);
            if (request == null) return;
            var wire = new Wire(socket);
            Script script = scripts.get(request.path());
            if (script != null && script.answer(request, wire)) return;
            Asset asset = assets.get(request.path());
            if (asset == null) wire.head(404, Map.of("content-length", "0"));
            else send(request, asset, wire);
        } catch (IOException | InterruptedException gone) {
            // Clients of a fake leave when they like.
        } finally {
            open.remove(socket);
        }
    }

    private @Nullable Asked read(Socket socket) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        String first = lines.readLine();
        if (first == null) return null;
        String[] words = first.split(" ");
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        String path = words[1].startsWith("http") ? URI.create(words[1]).getPath() : words[1];
        synchronized (asked) {
            var request = new Asked(words[0], path, headers, asked(path).size() + 1);
            asked.add(request);
            return request;
        }
    }

    /** The whole, or the range that was asked for if the file is still the one that the client means. */
    public static void send(Asked request, Asset asset, Wire wire) throws IOException, InterruptedException {
        long size = asset.content().size();
        Matcher range = RANGE.matcher(request.header("range"));
        String condition = request.header("if-range");
        boolean isMeant = condition.isEmpty() || condition.equals(asset.etag());
        Map<String, String> headers = new LinkedHashMap<>();
        if (!asset.etag().isEmpty()) headers.put("etag", asset.etag());
        if (!asset.hasRanges() || !isMeant || !range.matches()) {
            headers.put("content-length", String.valueOf(size));
            wire.head(200, headers);
            wire.body(asset.content(), 0, size, asset.bytesPerSecond());
            return;
        }
        long from = Long.parseLong(range.group(1));
        if (from >= size) {
            headers.put("content-range", "bytes */" + size);
            headers.put("content-length", "0");
            wire.head(416, headers);
            return;
        }
        long to = range.group(2).isEmpty() ? size : Math.min(size, Long.parseLong(range.group(2)) + 1);
        headers.put("content-length", String.valueOf(to - from));
        headers.put("content-range", "bytes " + from + "-" + (to - 1) + "/" + size);
        wire.head(206, headers);
        wire.body(asset.content(), from, to, asset.bytesPerSecond());
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : open) socket.close();
    }

    /** The connection a script answers on. */
    public static final class Wire {
        private final Socket socket;
        private final OutputStream out;

        private Wire(Socket socket) throws IOException {
            this.socket = socket;
            this.out = socket.getOutputStream();
        }

        public void head(int status, Map<String, String> headers) throws IOException {
            var text = new StringBuilder("HTTP/1.1 " + status + " Fake\r\nconnection: close\r\n");
            headers.forEach((name, value) ->
                    text.append(name).append(": ").append(value).append("\r\n"));
            out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        }

        public void body(Bytes content, long from, long to, long bytesPerSecond)
                throws IOException, InterruptedException {
            long startedNanos = System.nanoTime();
            int chunk = bytesPerSecond == 0 ? CHUNK_BYTES : Math.clamp(bytesPerSecond / 50, 1, CHUNK_BYTES);
            for (long at = from; at < to; ) {
                ByteBuffer bytes = content.read(at, (int) Math.min(chunk, to - at));
                out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
                at += bytes.remaining();
                if (bytesPerSecond == 0) continue;
                long dueNanos = startedNanos + (long) ((at - from) * 1e9 / bytesPerSecond);
                TimeUnit.NANOSECONDS.sleep(dueNanos - System.nanoTime()); // The pace is what the test is about.
            }
            out.flush();
        }

        /** So that the client sees no end but a reset. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        /** Says nothing more, until the client gives up. */
        public void stall() throws IOException {
            out.flush();
            while (socket.getInputStream().read() >= 0) {}
        }
    }

    /** Answers the first requests by {@code trouble}, which is given their number, and leaves the rest to the asset. */
    public static Script first(int requests, Function<Integer, Script> trouble) {
        return (asked, wire) ->
                asked.number() <= requests && trouble.apply(asked.number()).answer(asked, wire);
    }
}
