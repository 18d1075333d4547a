package mesh.daemon.edge;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;

/**
 * The writing end of a stream of server-sent events, for one virtual thread. Writing blocks while the client is behind,
 * so a slow reader costs a few events of memory and slows only its own source.
 */
public final class EventStream {
    /** Events under way to the client; beyond this the source waits. */
    private static final int UNDER_WAY_MAX = 16;

    private final Exchange exchange;
    private final EdgeHandler connection;
    private final Semaphore room = new Semaphore(UNDER_WAY_MAX);
    private volatile boolean isClosed;

    EventStream(Exchange exchange, EdgeHandler connection) {
        this.exchange = exchange;
        this.connection = connection;
    }

    public boolean isOpen() {
        return !isClosed;
    }

    /** {@code data} may hold line breaks, {@code id} and {@code event} not. False: the client has gone. */
    public boolean send(String id, String event, String data) throws InterruptedException {
        var text = new StringBuilder(data.length() + 64);
        text.append("id: ").append(id).append("\nevent: ").append(event).append('\n');
        data.lines().forEach(line -> text.append("data: ").append(line).append('\n'));
        return write(text.append('\n').toString());
    }

    /** Something for the wire to carry when there is nothing to say, so that a dead client is noticed. */
    public boolean keepAlive() throws InterruptedException {
        return write(": keep-alive\n\n");
    }

    void closed() {
        isClosed = true;
    }

    private boolean write(String text) throws InterruptedException {
        if (isClosed) return false;
        room.acquire();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        connection.onLoop(exchange.context(), () -> {
            exchange.writeTracked(Unpooled.wrappedBuffer(bytes)).addListener(written -> room.release());
            exchange.flush();
        });
        return !isClosed;
    }
}
