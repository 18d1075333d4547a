package mesh.daemon.edge;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
        var text =
                new StringBuilder(data.length() + 64).append("id: ").append(id).append('\n');
        append(text, event, data);
        return write(text.toString());
    }

    /** Several events of a kind, none of which a client can resume at; together they take one place. */
    public boolean send(String event, List<String> each) throws InterruptedException {
        var text = new StringBuilder();
        for (String data : each) append(text, event, data);
        return write(text.toString());
    }

    private static void append(StringBuilder text, String event, String data) {
        text.append("event: ").append(event).append('\n');
        data.lines().forEach(line -> text.append("data: ").append(line).append('\n'));
        text.append('\n');
    }

    /** Something for the wire to carry when there is nothing to say, so that both sides notice when the other is gone. */
    public boolean beat() throws InterruptedException {
        return write(": beat\n\n");
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
