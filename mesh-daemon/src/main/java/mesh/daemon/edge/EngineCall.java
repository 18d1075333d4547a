package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** One request to an engine of this node, from sending to the end of the answer. Lives on its event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class EngineCall implements Flow {
    private final EnginePool pool;
    private final TcpEngine engine;
    private final UpstreamRequest request;
    private final Receiver receiver;

    private @Nullable EngineConnection connection;
    private boolean isKeptConnection;
    private boolean hasHead;
    private boolean isOver;
    private boolean isPaused;

    EngineCall(EnginePool pool, TcpEngine engine, UpstreamRequest request, Receiver receiver) {
        this.pool = pool;
        this.engine = engine;
        this.request = request;
        this.receiver = receiver;
    }

    TcpEngine engine() {
        return engine;
    }

    void sendOver(EngineConnection taken, boolean isKept) {
        if (isOver) {
            taken.drop();
            return;
        }
        connection = taken;
        isKeptConnection = isKept;
        taken.carry(this);
        Channel channel = taken.channel();
        channel.config().setAutoRead(!isPaused);
        channel.write(requestHead());
        request.body().writeTo(channel);
        channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    void head(HttpResponse head) {
        if (isOver) return;
        hasHead = true;
        receiver.head(headOf(head));
    }

    static Receiver.UpstreamHead headOf(HttpResponse head) {
        HttpHeaders headers = head.headers();
        return new Receiver.UpstreamHead(
                head.status().code(),
                headers.get(HttpHeaderNames.CONTENT_TYPE, "application/octet-stream"),
                HttpUtil.getContentLength(head, -1L),
                headers.get(HttpHeaderNames.RETRY_AFTER, ""),
                numberIn(headers, Turnstile.QUEUED_HEADER));
    }

    static Turnstile.Place placeOf(HttpResponse interim) {
        HttpHeaders headers = interim.headers();
        return new Turnstile.Place(
                (int) numberIn(headers, Turnstile.POSITION_HEADER), numberIn(headers, Turnstile.ESTIMATE_HEADER));
    }

    /** A peer's figure: no more than shown, so nonsense is nothing. */
    private static long numberIn(HttpHeaders headers, String name) {
        String text = headers.get(name, "0");
        return text.matches("[0-9]{1,9}") ? Long.parseLong(text) : 0;
    }

    void piece(ByteBuf piece) {
        if (isOver) piece.release();
        else receiver.piece(piece);
    }

    void settled() {
        if (!isOver) receiver.settled();
    }

    void end() {
        connection = null;
        if (isOver) return;
        isOver = true;
        receiver.end();
    }

    void unreachable() {
        if (isOver) return;
        isOver = true;
        receiver.lost(Receiver.Loss.UNREACHABLE);
    }

    /** A kept connection may have been closed by the engine while the request was on its way: that one is sent again. */
    void closed() {
        connection = null;
        if (isOver) return;
        if (isKeptConnection && !hasHead) {
            pool.connect(this);
            return;
        }
        isOver = true;
        receiver.lost(hasHead ? Receiver.Loss.IN_BODY : Receiver.Loss.BEFORE_HEAD);
    }

    @Override
    public void pause() {
        isPaused = true;
        if (connection != null) connection.channel().config().setAutoRead(false);
    }

    @Override
    public void resume() {
        isPaused = false;
        if (connection != null) connection.channel().config().setAutoRead(true);
    }

    @Override
    public void cancel() {
        isOver = true;
        if (connection != null) connection.drop();
        connection = null;
    }

    private DefaultHttpRequest requestHead() {
        var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, request.path());
        HttpHeaders headers = head.headers();
        headers.set(
                HttpHeaderNames.HOST,
                engine.address().getHostString() + ":" + engine.address().getPort());
        headers.set(HttpHeaderNames.CONTENT_TYPE, request.contentType());
        if (!request.accept().isEmpty()) headers.set(HttpHeaderNames.ACCEPT, request.accept());
        headers.set(HttpHeaderNames.CONTENT_LENGTH, request.body().bytes());
        if (!engine.apiKey().isEmpty()) headers.set(HttpHeaderNames.AUTHORIZATION, "Bearer " + engine.apiKey());
        return head;
    }
}
