package mesh.testnet.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * An engine that costs as little as possible: one virtual thread per connection, answers prepared as bytes. What it takes
 * for granted (one request at a time, bodies with a length) holds for the edge and for {@link BenchCallers}.
 */
final class BenchEngine implements AutoCloseable {
    /** Before the time at which a token was written, by the machine's monotonic clock, in as many digits always. */
    static final String STAMP = "\"created\":";

    static final int STAMP_DIGITS = 19;

    private static final String CHUNK_OF_A_STREAM =
            "data: {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"content\":\"token\"}}]," + STAMP
                    + "%019d,"
                    + "\"id\":\"chatcmpl-0123456789abcdef\",\"model\":\"bench\",\"object\":\"chat.completion.chunk\"}\n\n";

    private final ServerSocket listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
    private final int thinkMillis;
    private final int events;
    private final int tokenMillis;
    private final byte[] plain;
    private final byte[] unstamped = chunk(CHUNK_OF_A_STREAM.formatted(0L));

    /** {@code tokenMillis} 0: as fast as the reader takes them, and without the time. */
    BenchEngine(int thinkMillis, int events, int tokenMillis) throws IOException {
        this.tokenMillis = tokenMillis;
        this.thinkMillis = thinkMillis;
        this.events = events;
        String body = "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + "x".repeat(400)
                + "\"}}]}";
        plain = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
                        + body)
                .getBytes(StandardCharsets.UTF_8);
        Thread.ofVirtual().name("engine").start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().name("engine-call").start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            var buffer = new byte[1 << 16];
            for (int length = request(in, buffer); length > 0; length = request(in, buffer)) {
                if (thinkMillis > 0) Thread.sleep(thinkMillis);
                boolean isStream =
                        new String(buffer, 0, length, StandardCharsets.ISO_8859_1).contains("\"stream\":true");
                if (isStream) stream(out);
                else out.write(plain);
            }
        } catch (IOException | InterruptedException gone) {
            // The caller has what it wanted.
        }
    }

    private void stream(OutputStream out) throws IOException, InterruptedException {
        out.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                .getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < events; i++) {
            if (tokenMillis > 0) Thread.sleep(tokenMillis);
            out.write(tokenMillis == 0 ? unstamped : chunk(CHUNK_OF_A_STREAM.formatted(System.nanoTime())));
        }
        out.write(chunk("data: [DONE]\n\n"));
        out.write("0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] chunk(String text) {
        return (Integer.toHexString(text.length()) + "\r\n" + text + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The length of one whole request in the buffer; 0 = the caller has gone. */
    private static int request(InputStream in, byte[] buffer) throws IOException {
        int length = 0;
        while (true) {
            int more = in.read(buffer, length, buffer.length - length);
            if (more < 0) return 0;
            length += more;
            String text = new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end < 0) continue;
            int field = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
            int announced = Integer.parseInt(text.substring(field + 16, text.indexOf("\r\n", field)));
            if (length >= end + 4 + announced) return length;
        }
    }
}
