package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.core.openai.ApiError;
import mesh.core.openai.Dialect;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * One request and its one response. The response is either whole ({@link #respond}, {@link #fail}) or in parts ({@link
 * #begin}, {@link #write}, {@link #flush}, {@link #end} or {@link #abort}); once the client has gone all of them do
 * nothing. Everything happens on the connection's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
public final class Exchange {
    public static final String JSON = "application/json";

    /** A stream of JSON objects, one in a line. */
    public static final String LINES = "application/x-ndjson";

    /** Between the error event and the abrupt end: long enough for clients to hand the event to their reader. */
    private static final long LAST_WORDS_MILLIS = 100;

    private static final Log log = Log.of(Exchange.class);

    private final EdgeHandler connection;
    private final ChannelHandlerContext ctx;
    private final HttpRequest request;
    private final Target target;
    private final String id;
    private final long startNanos = System.nanoTime();
    private final long startedMillis = System.currentTimeMillis();
    private final Intake intake;
    private final Dialect dialect;

    private final Map<String, String> answerHeaders = new LinkedHashMap<>();
    private final List<Consumer<Served>> onDone = new ArrayList<>();
    private String rest = "";
    private @Nullable AnswerTranslation translation;
    private Runnable onGone = () -> {};
    private Runnable onWritable = () -> {};
    private @Nullable Supplier<ServeRecord> recorder;

    private boolean isKeptAlive;
    private boolean isBegun;
    private boolean isEnded;
    private boolean isOver;
    private boolean isStream;
    private boolean isEvents;
    private int status;
    private long responseBytes;
    private long firstByteNanos = -1;

    /** The last two bytes written, to know whether an event may begin here. */
    private int lastTwo;

    Exchange(EdgeHandler connection, ChannelHandlerContext ctx, HttpRequest request, Target target, String id) {
        this.connection = connection;
        this.ctx = ctx;
        this.request = request;
        this.target = target;
        this.id = id;
        this.isKeptAlive = HttpUtil.isKeepAlive(request);
        this.intake = new Intake(this, connection, ctx);
        this.dialect = Dialect.of(target.path(), request.headers().contains("anthropic-version"));
    }

    public String id() {
        return id;
    }

    public String method() {
        return request.method().name();
    }

    /** The node that asks on behalf of its own caller; empty for a client of our own port. */
    public String asker() {
        return connection.asker();
    }

    /** As the client wrote it, without the query. */
    public String path() {
        return target.path();
    }

    /** How the client wants to be spoken to. */
    public Dialect dialect() {
        return dialect;
    }

    /** What follows the prefix of a prefix route, decoded; empty on an exact route. */
    public String rest() {
        return rest;
    }

    /** A header of the request. */
    public String header(String name, String otherwise) {
        return request.headers().get(name, otherwise);
    }

    /** Sets a header of the answer, which must not have begun. {@code x-mesh-*} ones are reported in {@link Served}. */
    public void answerHeader(String name, String value) {
        answerHeaders.put(name, value);
    }

    /** Called once, with how it went, after the answer has ended or the client has left. */
    public void onDone(Consumer<Served> observer) {
        onDone.add(observer);
    }

    public void respond(int status, String contentType, String text) {
        respond(status, contentType, ByteBufUtil.writeUtf8(ctx.alloc(), text));
    }

    /** Answers at once and whole. Takes over the buffer. */
    public void respond(int status, String contentType, ByteBuf body) {
        if (isBegun || isOver) {
            body.release();
            return;
        }
        int length = body.readableBytes();
        HttpHeaders headers = headersFor(status, contentType);
        if (status != 204 && status != 304) headers.set(HttpHeaderNames.CONTENT_LENGTH, length);
        boolean isBodyless = isHead() || status == 304;
        if (isBodyless) body.release();
        responseBytes = isBodyless ? 0 : length;
        ChannelFuture written = ctx.write(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(status),
                isBodyless ? Unpooled.EMPTY_BUFFER : body,
                headers,
                EmptyHttpHeaders.INSTANCE));
        connection.flush();
        ended(written, Served.Ending.WHOLE);
    }

    public void fail(ApiError error) {
        if (error.retryAfterSeconds() > 0) answerHeader("retry-after", Integer.toString(error.retryAfterSeconds()));
        respond(error.status(), JSON, dialect.error(error));
    }

    /**
     * An engine's answer passes through {@code answer} first. Of its own accord an exchange does that with the errors of
     * engines, which speak one dialect only.
     */
    void answerThrough(AnswerTranslation answer) {
        translation = answer;
    }

    /** Starts an answer in parts. {@code contentLength} -1: not known, it ends with {@link #end}. */
    public void begin(int status, String contentType, long contentLength) {
        if (isBegun || isOver) return;
        if (status >= 400 && dialect != Dialect.OPENAI) translation = new EngineError(dialect);
        AnswerTranslation via = translation;
        if (via == null) head(status, contentType, contentLength);
        else head(status, via.begin(status, contentType), -1);
    }

    private void head(int status, String contentType, long contentLength) {
        isEvents = contentType.startsWith("text/event-stream");
        isStream = isEvents || contentType.startsWith(LINES);
        boolean isDelimitedByClose = contentLength < 0 && isHttp10();
        if (isDelimitedByClose) isKeptAlive = false;
        HttpHeaders headers = headersFor(status, contentType);
        if (contentLength >= 0) headers.set(HttpHeaderNames.CONTENT_LENGTH, contentLength);
        else if (!isDelimitedByClose && !isHead())
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), headers);
        ctx.write(head);
    }

    /** Takes over the buffer. */
    public void write(ByteBuf piece) {
        AnswerTranslation via = translation;
        if (via == null || isEnded || isOver) {
            writeTracked(piece);
            return;
        }
        try {
            through(out -> via.piece(piece, out));
        } finally {
            piece.release();
        }
    }

    public void flush() {
        if (!isOver) connection.flush();
    }

    public void end() {
        if (isEnded || isOver) return;
        AnswerTranslation via = translation;
        if (via != null) through(via::end);
        if (isEnded) return;
        ChannelFuture written = ctx.write(LastHttpContent.EMPTY_LAST_CONTENT);
        connection.flush();
        ended(written, Served.Ending.WHOLE);
    }

    /**
     * Ends an answer that cannot be completed: a stream of events gets the error as its last one, and nothing gets a
     * proper end, because a proper end is what makes clients take half an answer for a whole one.
     */
    public void abort(ApiError error) {
        if (!isBegun) {
            fail(error);
            return;
        }
        if (isEnded || isOver) return;
        isKeptAlive = false;
        long lingerMillis = 0;
        // A peer that asked tells its own caller, in that one's dialect.
        if (isStream && connection.asker().isEmpty()) {
            boolean isBetweenLines = dialect == Dialect.OLLAMA && (lastTwo & 0xff) == '\n';
            String gap = lastTwo == 0 || lastTwo == 0x0a0a || isBetweenLines ? "" : "\n\n";
            ctx.write(new DefaultHttpContent(ByteBufUtil.writeUtf8(ctx.alloc(), gap + dialect.streamError(error))));
            connection.flush();
            lingerMillis = LAST_WORDS_MILLIS;
        }
        isEnded = true;
        over(Served.Ending.CUT);
        ctx.executor().schedule(() -> ctx.close(), lingerMillis, TimeUnit.MILLISECONDS);
    }

    /** Whether the client keeps up; when not, hold back until {@link #onWritable}. */
    boolean isWritable() {
        return connection.isWritable(ctx);
    }

    void onWritable(Runnable resume) {
        onWritable = resume;
    }

    /** {@code left} runs if the client goes before the answer has ended. */
    void onGone(Runnable left) {
        onGone = left;
    }

    boolean isOver() {
        return isOver;
    }

    /** Asked once, when the exchange is over. */
    void recordedBy(Supplier<ServeRecord> relay) {
        recorder = relay;
    }

    boolean isBegun() {
        return isBegun;
    }

    /** Whether what the client gets are events, rather than what a translation makes of them. */
    boolean isEventStream() {
        return isBegun && isEvents;
    }

    boolean isTranslated() {
        return translation != null;
    }

    /** Whether a comment would stand between two events, and the client keeps up. */
    boolean mayPing() {
        return (lastTwo == 0 || lastTwo == 0x0a0a)
                && isWritable()
                && connection.asker().isEmpty();
    }

    void comment(String text) {
        writeTracked(ByteBufUtil.writeUtf8(ctx.alloc(), ": " + text + "\n\n"));
        flush();
    }

    /** Tells a peer that asked where its request stands; clients get no interim answers, since some choke on them. */
    void interim(Turnstile.Place place) {
        if (isBegun || isOver || connection.asker().isEmpty()) return;
        HttpHeaders headers = new DefaultHttpHeaders();
        headers.set(Turnstile.POSITION_HEADER, place.position());
        headers.set(Turnstile.ESTIMATE_HEADER, place.estimateMillis());
        ctx.write(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.PROCESSING,
                Unpooled.EMPTY_BUFFER,
                headers,
                EmptyHttpHeaders.INSTANCE));
        connection.flush();
    }

    boolean isRequestWhole() {
        return intake.isWhole();
    }

    ChannelHandlerContext context() {
        return ctx;
    }

    Intake intake() {
        return intake;
    }

    HttpRequest request() {
        return request;
    }

    Ask ask(byte[] body) {
        return new Ask(method(), path(), rest, target.query(), request.headers(), body);
    }

    /** The completion of the write tells how far the client has read. */
    ChannelFuture writeTracked(ByteBuf piece) {
        if (!isBegun || isEnded || isOver || isHead()) {
            piece.release();
            return ctx.newSucceededFuture();
        }
        int length = piece.readableBytes();
        responseBytes += length;
        if (length >= 2) lastTwo = piece.getUnsignedShort(piece.writerIndex() - 2);
        else if (length == 1) lastTwo = (lastTwo & 0xff) << 8 | piece.getUnsignedByte(piece.writerIndex() - 1);
        return ctx.write(new DefaultHttpContent(piece));
    }

    /** Runs the route's action. */
    void start(Action action, String prefixRest) {
        rest = prefixRest;
        guarded(() -> new Start(this, connection).run(action));
    }

    void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException broken) {
            failed(broken);
        }
    }

    /** A bug of ours, whichever thread it was found on; called on the loop. Whatever was thrown ends up here, once. */
    void failed(Throwable broken) {
        log.error("exchange.failed", "id", id, "path", path(), broken);
        abort(ApiError.server(500, "internal_error", "this node failed; its log has more under " + id));
    }

    void closeAfterwards() {
        isKeptAlive = false;
    }

    void writable() {
        onWritable.run();
    }

    /** The connection has closed. */
    void gone() {
        if (isOver) return;
        onGone.run();
        over(isEnded ? Served.Ending.WHOLE : Served.Ending.CLIENT_GONE);
    }

    /** The last piece of the request is in. */
    void requestEnded() {
        if (isEnded) connection.finished(this, isKeptAlive);
    }

    /** What a translation has to say goes out; what it cannot make sense of ends the answer. */
    private void through(Translating step) {
        ByteBuf out = ctx.alloc().ioBuffer();
        try {
            step.write(out);
            if (out.isReadable()) writeTracked(out.retain());
        } catch (Refusal nonsense) {
            onGone.run();
            abort(nonsense.error());
        } finally {
            out.release();
        }
    }

    /** A step of an {@link AnswerTranslation}. */
    private interface Translating {
        void write(ByteBuf out) throws Refusal;
    }

    private void ended(ChannelFuture written, Served.Ending ending) {
        isEnded = true;
        over(ending);
        if (!isKeptAlive) connection.closeAfter(written, intake.isWhole());
        else if (intake.isWhole()) connection.finished(this, true);
    }

    private void over(Served.Ending ending) {
        if (isOver) return;
        isOver = true;
        intake.release();
        Map<String, String> labels = new LinkedHashMap<>();
        answerHeaders.forEach((name, value) -> {
            if (name.startsWith("x-mesh-")) labels.put(name, value);
        });
        var served = new Served(
                id,
                startedMillis,
                connection.asker(),
                method(),
                path(),
                status,
                labels,
                intake.bytes(),
                responseBytes,
                firstByteNanos,
                System.nanoTime() - startNanos,
                ending,
                Optional.ofNullable(recorder).map(Supplier::get));
        connection.served(served);
        onDone.forEach(observer -> observer.accept(served));
    }

    private HttpHeaders headersFor(int answerStatus, String contentType) {
        isBegun = true;
        status = answerStatus;
        firstByteNanos = System.nanoTime() - startNanos;
        // A client that waits for leave to send its body may send the next request in its place.
        if (intake.isUnasked() || intake.isTooLongToDiscard()) isKeptAlive = false;
        HttpHeaders headers = new DefaultHttpHeaders();
        headers.set("x-request-id", id);
        headers.set(dialect.requestIdHeader(), id);
        if (!contentType.isEmpty()) headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        headers.set(HttpHeaderNames.DATE, connection.date());
        answerHeaders.forEach(headers::set);
        connection.gate().allowOrigin(request.headers(), headers);
        if (!isKeptAlive) headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        else if (isHttp10()) headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        return headers;
    }

    private boolean isHead() {
        return request.method().equals(HttpMethod.HEAD);
    }

    private boolean isHttp10() {
        return request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    }
}
