package mesh.daemon.edge;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** An engine made of a plain server socket and a script per request, so that tests decide every byte and every death. */
final class MockEngine implements AutoCloseable {
    /** One request and the connection it came over. */
    record Call(String head, String body, Socket socket, OutputStream out, MockEngine engine) {
        void answer(String contentType, String text) throws IOException {
            byte[] bytes = text.getBytes(UTF_8);
            raw("HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nContent-Length: " + bytes.length + "\r\n\r\n"
                    + text);
        }

        void startEvents() throws IOException {
            raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        }

        void event(String data) throws IOException {
            chunk("data: " + data + "\n\n");
        }

        void chunk(String text) throws IOException {
            byte[] bytes = text.getBytes(UTF_8);
            raw(Integer.toHexString(bytes.length) + "\r\n" + text + "\r\n");
            engine.written.addAndGet(bytes.length);
        }

        void endEvents() throws IOException {
            chunk("data: [DONE]\n\n");
            raw("0\r\n\r\n");
        }

        void raw(String text) throws IOException {
            out.write(text.getBytes(UTF_8));
            out.flush();
        }
    }

    /** Answers one request. Throwing ends the connection. */
    interface Script {
        void play(Call call) throws Exception;
    }

    private final ServerSocket listener;
    private final Script script;
    final List<Call> calls = new CopyOnWriteArrayList<>();
    final AtomicInteger connections = new AtomicInteger();
    final AtomicInteger cutByClient = new AtomicInteger();

    /** Connections that the other side closed between two requests. */
    final AtomicInteger leftIdle = new AtomicInteger();

    final AtomicLong written = new AtomicLong();

    MockEngine(Script script) throws IOException {
        this.script = script;
        this.listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("mock-engine").start(this::accept);
    }

    /** Echoes what arrived: the path, and the body's length. */
    static MockEngine echo() throws IOException {
        return new MockEngine(call -> call.answer(
                "application/json",
                "{\"path\":\"" + call.head().split(" ")[1] + "\",\"bytes\":"
                        + call.body().length() + "}"));
    }

    TcpEngine upstream() {
        return new TcpEngine(new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort()), "key");
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                connections.incrementAndGet();
                Thread.ofVirtual().name("mock-call").start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            var in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            while (true) {
                String head = head(in);
                if (head.isEmpty()) {
                    leftIdle.incrementAndGet();
                    return;
                }
                var call = new Call(
                        head, new String(in.readNBytes(length(head)), UTF_8), socket, socket.getOutputStream(), this);
                calls.add(call);
                script.play(call);
            }
        } catch (IOException gone) {
            cutByClient.incrementAndGet();
        } catch (Exception ended) {
            // The script wanted the connection to end.
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) return "";
            head.append((char) b);
        }
        return head.toString();
    }

    private static int length(String head) {
        var found =
                java.util.regex.Pattern.compile("(?i)content-length: (\\d+)").matcher(head);
        return found.find() ? Integer.parseInt(found.group(1)) : 0;
    }
}
