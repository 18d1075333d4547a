package mesh.daemon.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** One {@code GET} of a llama-server of this node, over a plain socket. Blocks its caller for two seconds at most. */
final class EngineQuestion {
    private static final int WAIT_MILLIS = 1000;

    private EngineQuestion() {}

    /** Head and body as they came, cut at {@code bytesMax}; empty when nobody answers. */
    static Optional<String> ask(String path, InetSocketAddress address, String apiKey, int bytesMax) {
        try (var socket = new Socket()) {
            socket.connect(address, WAIT_MILLIS);
            socket.setSoTimeout(WAIT_MILLIS);
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + apiKey
                    + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return Optional.of(new String(socket.getInputStream().readNBytes(bytesMax), StandardCharsets.ISO_8859_1));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
