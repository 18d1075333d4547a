package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import mesh.core.openai.ApiError;
import org.jspecify.annotations.Nullable;

/**
 * Relays one exchange: the request to an upstream, the answer back, buffer by buffer and no faster than the client
 * reads. When either side goes, the other learns at once. Lives on the exchange's event loop.
 */
final class Forwarder implements Receiver {
    private static final String EVENT_STREAM = "text/event-stream";

    private final Exchange exchange;
    private final Upstream upstream;
    private @Nullable Flow flow;

    private Forwarder(Exchange exchange, Upstream upstream) {
        this.exchange = exchange;
        this.upstream = upstream;
    }

    static void relay(Exchange exchange, Action.Choice.To to, RequestBody body, EnginePool engines) {
        var forwarder = new Forwarder(exchange, to.upstream());
        var request = new UpstreamRequest(
                to.path(), exchange.header("content-type", "application/json"), exchange.header("accept", ""), body);
        Flow flow = switch (to.upstream()) {
            case TcpEngine engine -> engines.send(engine, request, forwarder);
        };
        forwarder.flow = flow;
        exchange.onGone(flow::cancel);
        exchange.onWritable(flow::resume);
    }

    @Override
    public void head(UpstreamHead head) {
        if (!head.retryAfter().isEmpty()) exchange.answerHeader("retry-after", head.retryAfter());
        if (head.contentType().startsWith(EVENT_STREAM)) {
            exchange.answerHeader("cache-control", "no-cache");
            exchange.answerHeader("x-accel-buffering", "no");
        }
        exchange.begin(head.status(), head.contentType(), head.contentLength());
    }

    @Override
    public void piece(ByteBuf piece) {
        exchange.write(piece);
        if (!exchange.isWritable() && flow != null) flow.pause();
    }

    @Override
    public void settled() {
        exchange.flush();
    }

    @Override
    public void end() {
        exchange.end();
    }

    @Override
    public void lost(Loss loss) {
        switch (loss) {
            case UNREACHABLE ->
                exchange.fail(ApiError.server(503, "engine_unreachable", upstream + " does not answer")
                        .retryAfter(1));
            case BEFORE_HEAD ->
                exchange.fail(ApiError.server(502, "engine_died", upstream + " died before it answered"));
            case IN_BODY ->
                exchange.abort(ApiError.server(502, "engine_died", upstream + " died in the middle of its answer"));
        }
    }
}
