package mesh.daemon.edge;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import mesh.core.openai.ApiError;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * One client connection: one exchange at a time, later requests wait in order in a bounded queue. An exchange is
 * finished when its answer is out and its request is read to the end. Lives on its event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class EdgeHandler extends ChannelInboundHandlerAdapter {
    /** Parts of later requests that may wait; beyond it the socket is not read, so the client waits instead. */
    private static final int QUEUE_PARTS_MAX = 64;

    /** How long a closing connection listens on, so that the client reads our answer before it sees the end. */
    private static final long LINGER_MILLIS = 2_000;

    private static final Pattern PEER_ID = Pattern.compile("req_[0-9a-f]{16}");
    private static final Log log = Log.of(EdgeHandler.class);

    private final Desk desk;
    private final String asker;
    private final LongSupplier heldBytes;
    private final ArrayDeque<HttpObject> queue = new ArrayDeque<>();

    private @Nullable ChannelHandlerContext context;
    private @Nullable EnginePool engines;
    private @Nullable Exchange current;
    private @Nullable Future<?> watch;
    private boolean isReading;
    private boolean isFlushDue;
    private boolean isPumping;
    private boolean isHeldByBody;
    private boolean isClosing;
    private long discardedBytes;
    private long lastPartNanos = System.nanoTime();
    private long lastBehindBytes;
    private long lastProgressNanos = System.nanoTime();

    /**
     * {@code asker} is the peer whose streams these are, or empty for a client of our own port; {@code heldBytes} are those
     * that wait before the channel until the asker has taken more.
     */
    EdgeHandler(Desk desk, String asker, LongSupplier heldBytes) {
        this.desk = desk;
        this.asker = asker;
        this.heldBytes = heldBytes;
    }

    String asker() {
        return asker;
    }

    EdgeSettings settings() {
        return desk.settings();
    }

    Gate gate() {
        return desk.gate();
    }

    EnginePool engines() {
        return Objects.requireNonNull(engines);
    }

    /** What the exchanges of this desk hold of request bodies in memory. */
    AtomicLong heldBytes() {
        return desk.heldBytes();
    }

    String date() {
        return desk.date();
    }

    void served(Served served) {
        desk.served(served);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        desk.opened(this);
        engines = desk.loops().poolOf(ctx.channel().eventLoop());
        watch = ctx.executor().schedule(() -> watch(ctx), watchMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        isReading = true;
        lastPartNanos = System.nanoTime();
        // What a closed connection still held is the decoder's guess at a request that was never finished.
        if (!(message instanceof HttpObject part) || isClosing || !ctx.channel().isActive()) {
            if (message instanceof HttpContent content)
                discardedBytes += content.content().readableBytes();
            ReferenceCountUtil.release(message);
            if (discardedBytes > Intake.DISCARD_BYTES_MAX) ctx.close();
            return;
        }
        queue.add(part);
        pump(ctx);
        chooseReading(ctx);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        isReading = false;
        if (isFlushDue) {
            isFlushDue = false;
            ctx.flush();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (isWritable(ctx) && current != null) current.writable();
    }

    /** Whether the other side keeps up. */
    boolean isWritable(ChannelHandlerContext ctx) {
        return ctx.channel().isWritable() && heldBytes.getAsLong() == 0;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (watch != null) watch.cancel(false);
        isClosing = true;
        queue.forEach(ReferenceCountUtil::release);
        queue.clear();
        Exchange left = current;
        current = null;
        if (left != null) left.gone();
        desk.closed(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A client that resets its connection is everyday life; anything else is ours.
        if (!(cause instanceof IOException)) log.error("connection.failed", "cause", cause);
        ctx.close();
    }

    /** Several writes of one read go out together. */
    void flush() {
        if (isReading) isFlushDue = true;
        else if (context != null) context.flush();
    }

    void sendContinue() {
        if (context == null) return;
        context.writeAndFlush(
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }

    /** A body that is being written to disk stops the reading of more of it. */
    void holdReading(boolean isHeld) {
        isHeldByBody = isHeld;
        if (context != null) chooseReading(context);
    }

    /** For threads that are not the loop. When the loops are gone so is the client, and the task with it. */
    void onLoop(ChannelHandlerContext ctx, Runnable task) {
        try {
            ctx.executor().execute(task);
        } catch (RejectedExecutionException stopped) {
            // Nobody is left to answer.
        }
    }

    /** The exchange's answer is out and its request read: on to the next. */
    void finished(Exchange exchange, boolean isKeptAlive) {
        if (current != exchange) return;
        current = null;
        if (context == null) return;
        if (!isKeptAlive || isClosing) return;
        if (desk.isClosing()) {
            flushAndClose(context);
            return;
        }
        pump(context);
        chooseReading(context);
    }

    void closeAfter(ChannelFuture written, boolean isRequestWhole) {
        isClosing = true;
        if (isRequestWhole) written.addListener(done -> closeLater(written.channel()));
        else written.addListener(done -> linger(written.channel() instanceof DuplexChannel duplex ? duplex : null));
    }

    /** The server stops: a connection between two exchanges ends now, a busy one after its exchange. Any thread. */
    void closeWhenDone() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) return;
        onLoop(ctx, () -> {
            if (current == null) flushAndClose(ctx);
            else current.closeAfterwards();
        });
    }

    /** Any thread. */
    void closeNow() {
        if (context != null) context.close();
    }

    private void flushAndClose(ChannelHandlerContext ctx) {
        isClosing = true;
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> closeLater(ctx.channel()));
    }

    /**
     * After all events of this round: answers end in the events of engines' sockets, and a number freed within a round may
     * be given to the next socket at once, which would then be hit by what was fetched for the old one (Netty 4.2.18).
     */
    static void closeLater(Channel channel) {
        channel.eventLoop().execute(channel::close);
    }

    private void linger(@Nullable DuplexChannel channel) {
        if (channel == null || !channel.isActive()) return;
        channel.shutdownOutput();
        channel.config().setAutoRead(true);
        channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void pump(ChannelHandlerContext ctx) {
        if (isPumping) return;
        isPumping = true;
        while (!queue.isEmpty() && !isClosing) {
            boolean isOfCurrent = current != null && !current.isRequestWhole();
            if (current != null && !isOfCurrent) break;
            HttpObject part = queue.poll();
            if (part instanceof HttpRequest request) begin(ctx, request);
            else if (part instanceof HttpContent content && current != null) feed(current, content);
            else ReferenceCountUtil.release(part);
        }
        isPumping = false;
        if (isClosing) {
            queue.forEach(ReferenceCountUtil::release);
            queue.clear();
        }
    }

    private void feed(Exchange exchange, HttpContent content) {
        if (content.decoderResult().isFailure()) {
            content.release();
            exchange.closeAfterwards();
            exchange.abort(ApiError.invalid(400, "malformed_request", "the body's framing is broken"));
            return;
        }
        if (content.content().isReadable()) exchange.intake().piece(content.content());
        else content.release();
        if (content instanceof LastHttpContent) exchange.intake().end();
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        Target target = Target.of(request.uri());
        String id = idOf(request);
        var exchange = new Exchange(this, ctx, request, target, id);
        current = exchange;
        if (desk.isClosing()) exchange.closeAfterwards();
        ApiError malformed = malformed(request);
        if (malformed != null) {
            exchange.closeAfterwards();
            exchange.fail(malformed);
            return;
        }
        RouteTable.Match match = desk.routes().match(request.method().name(), target.path());
        boolean changes =
                match instanceof RouteTable.Match.Found found && found.route().changes();
        switch (desk.gate().admit(request, target, changes && !isOptions(request))) {
            case Gate.Verdict.Refused(var error) -> exchange.fail(error);
            case Gate.Verdict.Admitted() -> admitted(exchange, match);
        }
    }

    /** A peer's request keeps the name it has at the node that was asked, so that both logs tell one story. */
    private String idOf(HttpRequest request) {
        String given = asker.isEmpty() ? "" : request.headers().get("x-request-id", "");
        if (PEER_ID.matcher(given).matches()) return given;
        return "req_" + Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    }

    private void admitted(Exchange exchange, RouteTable.Match match) {
        if (isOptions(exchange.request())) {
            preflight(exchange, match);
            return;
        }
        switch (match) {
            case RouteTable.Match.Found(var route, var rest) -> start(exchange, route, rest);
            case RouteTable.Match.WrongMethod(var allow) -> {
                exchange.answerHeader("allow", allow);
                exchange.fail(ApiError.invalid(
                        405, "method_not_allowed", exchange.path() + " does not take " + exchange.method()));
            }
            case RouteTable.Match.Unknown() -> exchange.fail(ApiError.unknownUrl(exchange.method(), exchange.path()));
        }
    }

    private static void start(Exchange exchange, RouteTable.Route route, String rest) {
        try {
            // A plus sign is itself in a path; the decoder is for forms.
            exchange.start(route.action(), URLDecoder.decode(rest.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException malformed) {
            exchange.fail(ApiError.invalid(400, "malformed_request", "the address is not well encoded"));
        }
    }

    private void preflight(Exchange exchange, RouteTable.Match match) {
        if (match instanceof RouteTable.Match.WrongMethod(var allow)) exchange.answerHeader("allow", allow);
        desk.gate().allowPreflight(exchange.request().headers(), exchange::answerHeader);
        exchange.respond(204, "", Unpooled.EMPTY_BUFFER);
    }

    private static @Nullable ApiError malformed(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            Throwable cause = request.decoderResult().cause();
            if (cause instanceof TooLongHttpLineException)
                return ApiError.invalid(
                        414, "url_too_long", "the request line is longer than " + RequestDecoder.LINE_BYTES_MAX);
            if (cause instanceof TooLongHttpHeaderException)
                return ApiError.invalid(
                        431, "headers_too_large", "the headers are larger than " + RequestDecoder.HEAD_BYTES_MAX);
            return ApiError.invalid(400, "malformed_request", "this is not a well-formed HTTP request");
        }
        boolean isKnown = request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || request.protocolVersion().equals(HttpVersion.HTTP_1_0);
        if (!isKnown) return ApiError.invalid(505, "version_unsupported", "HTTP/1.1 is spoken here");
        if (request.headers().contains(HttpHeaderNames.EXPECT) && !HttpUtil.is100ContinueExpected(request))
            return ApiError.invalid(417, "expectation_unsupported", "only 100-continue can be expected");
        return null;
    }

    private static boolean isOptions(HttpRequest request) {
        return request.method().equals(HttpMethod.OPTIONS);
    }

    private void chooseReading(ChannelHandlerContext ctx) {
        boolean reads = isClosing || (!isHeldByBody && queue.size() < QUEUE_PARTS_MAX);
        if (ctx.channel().config().isAutoRead() != reads) ctx.channel().config().setAutoRead(reads);
    }

    /** One timer per connection: what it waits for depends on where the exchange stands. */
    private void watch(ChannelHandlerContext ctx) {
        long now = System.nanoTime();
        long behind = ctx.channel().bytesBeforeWritable() + heldBytes.getAsLong();
        if (behind == 0 || behind != lastBehindBytes) lastProgressNanos = now;
        lastBehindBytes = behind;
        Exchange exchange = current;
        long stallNanos = TimeUnit.MILLISECONDS.toNanos(settings().stallMillisMax());
        if (exchange == null
                && now - lastPartNanos
                        > TimeUnit.MILLISECONDS.toNanos(settings().idleMillisMax())) {
            flushAndClose(ctx);
        } else if (now - lastProgressNanos > stallNanos) {
            ctx.close();
        } else if (exchange != null
                && !exchange.isRequestWhole()
                && !isHeldByBody
                && now - lastPartNanos > stallNanos) {
            exchange.closeAfterwards();
            exchange.abort(ApiError.invalid(408, "request_timeout", "the rest of the body did not arrive"));
        }
        watch = ctx.executor().schedule(() -> watch(ctx), watchMillis(), TimeUnit.MILLISECONDS);
    }

    private long watchMillis() {
        return Math.max(1, Math.min(settings().idleMillisMax(), settings().stallMillisMax()) / 4);
    }
}
