package mesh.daemon.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One {@code GET /health} over a plain socket, of which only the status matters. Blocks its caller for a second at most. */
final class Health {
    /** Loopback connects at once or not at all; a second covers a machine that swaps. */
    private static final int WAIT_MILLIS = 1000;

    private static final byte[] REQUEST =
            "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** {@code HTTP/1.1 200}: all that is read. */
    private static final int HEAD_BYTES = 12;

    private Health() {}

    static Readiness.Answer ask(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), WAIT_MILLIS);
            socket.setSoTimeout(WAIT_MILLIS);
            socket.getOutputStream().write(REQUEST);
            String head = new String(socket.getInputStream().readNBytes(HEAD_BYTES), StandardCharsets.US_ASCII);
            if (!head.startsWith("HTTP/1.")) return Readiness.Answer.ABSENT;
            return head.endsWith(" 200") ? Readiness.Answer.READY : Readiness.Answer.LOADING;
        } catch (IOException notYet) {
            return Readiness.Answer.ABSENT;
        }
    }
}
