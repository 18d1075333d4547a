package mesh.daemon.nostr;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Relays over the JDK's WebSocket, one HTTP client for all of them. A frame is put together from its parts up to the
 * bound and not beyond; binary frames end the connection. Waiting happens on virtual threads.
 */
final class JdkTransport implements RelayTransport {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final Duration patience;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http;

    /** @param patience for connecting, the upgrade included, and for a frame to leave this machine */
    JdkTransport(Duration patience) {
        this.patience = patience;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(patience)
                .executor(threads)
                .build();
    }

    @Override
    public Wire open(URI relay, Ear ear) {
        var connection = new Connection(ear);
        connection.opening = http.newWebSocketBuilder()
                .connectTimeout(patience)
                .buildAsync(relay, connection)
                .whenComplete((socket, failure) -> {
                    if (failure != null) connection.lost(reason(failure));
                    else if (connection.isOver.get()) socket.abort();
                });
        return connection;
    }

    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return switch (cause) {
            case java.net.http.HttpTimeoutException slow -> "timed_out";
            case java.net.ConnectException refused -> "refused";
            case java.net.http.WebSocketHandshakeException other ->
                "http_" + other.getResponse().statusCode();
            case javax.net.ssl.SSLException untrusted -> "tls";
            default -> cause.getClass().getSimpleName();
        };
    }

    private final class Connection implements Wire, WebSocket.Listener {
        private final Ear ear;
        private final AtomicBoolean isOver = new AtomicBoolean();
        private final StringBuilder frame = new StringBuilder();
        private volatile @Nullable CompletableFuture<WebSocket> opening;
        private volatile @Nullable WebSocket socket;

        Connection(Ear ear) {
            this.ear = ear;
        }

        private void lost(String reason) {
            if (isOver.compareAndSet(false, true)) ear.lost(reason);
        }

        // What the relay does.

        @Override
        public void onOpen(WebSocket opened) {
            socket = opened;
            if (isOver.get()) {
                opened.abort();
                return;
            }
            ear.opened();
            opened.request(1);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            if (frame.length() + part.length() > EventReader.FRAME_CHARS_MAX) {
                give(from, "frame_too_long");
                return null;
            }
            frame.append(part);
            if (!isLast) {
                from.request(1);
                return null;
            }
            String whole = frame.toString();
            frame.setLength(0);
            if (!isOver.get()) ear.heard(whole);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean isLast) {
            give(from, "binary_frame");
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer payload) {
            ear.ponged();
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String words) {
            give(from, "closed_" + code);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable failure) {
            give(from, reason(failure));
        }

        private void give(WebSocket from, String reason) {
            from.abort();
            lost(reason);
        }

        // What we do.

        @Override
        public void send(String text) throws IOException {
            wait(open().sendText(text, true));
        }

        @Override
        public void ping() throws IOException {
            wait(open().sendPing(EMPTY.duplicate()));
        }

        @Override
        public void more() {
            WebSocket now = socket;
            if (now != null) now.request(1);
        }

        @Override
        public void abort() {
            isOver.set(true);
            CompletableFuture<WebSocket> begun = opening;
            if (begun != null) begun.cancel(true);
            WebSocket now = socket;
            if (now != null) now.abort();
        }

        private WebSocket open() throws IOException {
            WebSocket now = socket;
            if (now == null || isOver.get()) throw new IOException("not open");
            return now;
        }

        /** Sends must not overlap; a peer that takes nothing any more must not hold this thread for long. */
        private void wait(CompletableFuture<WebSocket> sending) throws IOException {
            try {
                sending.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException failed) {
                throw new IOException("send", failed);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                throw new IOException("send", ending);
            }
        }
    }
}
