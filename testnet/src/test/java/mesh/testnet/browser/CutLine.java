package mesh.testnet.browser;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A line from a page to its daemon that can be cut and mended while both live, as a closed laptop's is; keeps what the
 * daemon said over it since it was mended last. A virtual thread per direction.
 */
final class CutLine implements AutoCloseable {
    private static final int CHUNK_BYTES = 16 << 10;

    private final ServerSocket listening;
    private final int target;
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final StringBuilder heard = new StringBuilder();
    private volatile boolean isCut;

    private CutLine(ServerSocket listening, int target) {
        this.listening = listening;
        this.target = target;
    }

    /** {@code target} is a port of loopback. */
    static CutLine to(int target) throws IOException {
        var line = new CutLine(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
        Thread.ofVirtual().name("line").start(line::accept);
        return line;
    }

    String root() {
        return "http://127.0.0.1:" + listening.getLocalPort();
    }

    String heard() {
        synchronized (heard) {
            return heard.toString();
        }
    }

    void cut() throws IOException {
        isCut = true;
        for (Socket socket : open) socket.close();
    }

    void mend() {
        synchronized (heard) {
            heard.setLength(0);
        }
        isCut = false;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket page = listening.accept();
                open.add(page);
                if (isCut) {
                    page.close();
                    continue;
                }
                var daemon = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(daemon);
                Thread.ofVirtual().name("line-up").start(() -> carry(page, daemon, false));
                Thread.ofVirtual().name("line-down").start(() -> carry(daemon, page, true));
            } catch (IOException closed) {
                // The next one may be let through; after close there is none.
            }
        }
    }

    private void carry(Socket from, Socket to, boolean isHeard) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
                out.write(chunk, 0, length);
                if (!isHeard) continue;
                synchronized (heard) {
                    heard.append(new String(chunk, 0, length, StandardCharsets.ISO_8859_1));
                }
            }
        } catch (IOException cut) {
            // That is what it is for.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }
}
