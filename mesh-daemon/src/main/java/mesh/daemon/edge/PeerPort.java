package mesh.daemon.edge;

import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import mesh.daemon.quic.Peer;

/**
 * The way in of peers: each stream of theirs carries one request, which meets the same checks, bounds and bookkeeping as
 * one at a port. Its routes lead to engines of this node only, so that no request can go round in circles. Requests run
 * on the endpoint's loop, which has connections to engines of its own: buffers pass without a hop between threads.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
public final class PeerPort {
    /** What an asking node calls this one: no name of a machine, so no web page can be sent here. */
    static final String HOST = "peer";

    private final Desk desk;

    /** {@code settings} bound all peers together; the spill folder is emptied, and belongs to this port alone. */
    public PeerPort(EdgeLoops loops, RouteTable routes, EdgeSettings settings, Consumer<Served> observer)
            throws IOException {
        this.desk = new Desk(loops, routes, settings.withHostName(HOST), observer);
    }

    /** Takes over a fresh stream of type {@code http}. On the endpoint's loop. */
    public void answer(Peer peer, QuicStreamChannel stream) {
        if (!desk.hasRoom()) {
            stream.close();
            return;
        }
        desk.loops().adopt(stream.eventLoop());
        var records = new PeerStream(stream, true);
        stream.pipeline()
                .addLast(
                        records,
                        new RequestDecoder(),
                        new HttpResponseEncoder(),
                        new EdgeHandler(desk, peer.id().hex(), records::heldBytes));
    }

    public int requests() {
        return desk.connections();
    }

    /** Takes no more requests, lets those under way end within {@code grace}, then cuts the rest. Blocks. */
    public void close(Duration grace) throws InterruptedException {
        desk.close(grace);
    }
}
