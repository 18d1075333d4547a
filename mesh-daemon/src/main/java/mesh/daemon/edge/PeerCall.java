package mesh.daemon.edge;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Peer;
import org.jspecify.annotations.Nullable;

/**
 * One request to a peer, over a stream of its own. The stream lives on the endpoint's loop, the exchange on another: what
 * one read brought crosses over in one task, and no more than a window is ever on its way. Methods and fields belong to
 * the exchange's loop unless they say otherwise.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class PeerCall implements Flow {
    private static final int LINE_BYTES_MAX = 8_192;
    private static final int HEAD_BYTES_MAX = 32_768;
    private static final int PIECE_BYTES_MAX = 65_536;

    /** What the other side is told at once: rarely enough to cost nothing, early enough that it need not wait. */
    private static final int TOLD_BYTES_MIN = PeerStream.WINDOW_BYTES / 4;

    private final PeerHost host;
    private final UpstreamRequest request;
    private final Receiver receiver;
    private final EventLoop home;

    private @Nullable PeerStream framing;
    private @Nullable QuicStreamChannel stream;
    private int untoldBytes;
    private boolean hasHead;
    private boolean isPaused;
    private boolean isOver;

    private PeerCall(PeerHost host, UpstreamRequest request, Receiver receiver, EventLoop home) {
        this.host = host;
        this.request = request;
        this.receiver = receiver;
        this.home = home;
    }

    /** Sends the request and hands the answer to {@code receiver}, later but on {@code home}. */
    static Flow send(PeerHost host, UpstreamRequest request, Receiver receiver, EventLoop home) {
        var call = new PeerCall(host, request, receiver, home);
        host.reach().reach(host.node(), found -> call.atHome(() -> call.reached(found)));
        return call;
    }

    private void reached(Optional<Peer> found) {
        if (isOver) return;
        if (found.isEmpty()) {
            lost(Receiver.Loss.UNREACHABLE);
            return;
        }
        // Ours come behind the stream's type, which is not framed.
        found.get().open(StreamType.HTTP, new ChannelInboundHandlerAdapter()).addListener(opened -> {
            if (!opened.isSuccess()) {
                atHome(() -> lost(Receiver.Loss.UNREACHABLE));
                return;
            }
            var fresh = (QuicStreamChannel) opened.getNow();
            var records = new PeerStream(fresh, false);
            fresh.pipeline()
                    .addLast(
                            records,
                            new HttpRequestEncoder(),
                            new HttpResponseDecoder(LINE_BYTES_MAX, HEAD_BYTES_MAX, PIECE_BYTES_MAX),
                            new Answer(records));
            atHome(() -> opened(fresh, records));
        });
    }

    private void opened(QuicStreamChannel fresh, PeerStream records) {
        stream = fresh;
        framing = records;
        if (isOver) {
            fresh.close();
            return;
        }
        fresh.write(head());
        request.body().sendTo(fresh);
    }

    private DefaultHttpRequest head() {
        var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, request.path());
        HttpHeaders headers = head.headers();
        headers.set(HttpHeaderNames.HOST, PeerPort.HOST);
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        headers.set("x-mesh-model", host.model().name());
        headers.set(HttpHeaderNames.CONTENT_TYPE, request.contentType());
        if (!request.accept().isEmpty()) headers.set(HttpHeaderNames.ACCEPT, request.accept());
        headers.set("x-request-id", request.id());
        headers.set(HttpHeaderNames.CONTENT_LENGTH, request.body().bytes());
        return head;
    }

    private void take(List<HttpObject> parts, int bytes) {
        for (HttpObject part : parts) take(part);
        if (isOver) return;
        receiver.settled();
        untoldBytes += bytes;
        tellTaken();
    }

    /** What the caller has not taken is not told of, so the other side stops when its window is full. */
    private void tellTaken() {
        PeerStream records = framing;
        if (isPaused || isOver || records == null || untoldBytes < TOLD_BYTES_MIN) return;
        records.taken(untoldBytes);
        untoldBytes = 0;
    }

    private void take(HttpObject part) {
        if (isOver || part.decoderResult().isFailure()) {
            ReferenceCountUtil.release(part);
            if (!isOver) lost(hasHead ? Receiver.Loss.IN_BODY : Receiver.Loss.BEFORE_HEAD);
            return;
        }
        if (part instanceof HttpResponse head) {
            if (head.status().code() == INTERIM) {
                receiver.waiting(EngineCall.placeOf(head));
                return;
            }
            hasHead = true;
            receiver.head(EngineCall.headOf(head));
        }
        if (part instanceof HttpContent content) {
            if (isOver || !hasHead || !content.content().isReadable()) content.release();
            else receiver.piece(content.content());
            if (content instanceof LastHttpContent && hasHead && !isOver) {
                isOver = true;
                letGo();
                receiver.end();
            }
        }
    }

    /** Its body is the empty one that every answer ends with, so {@link #hasHead} tells them apart. */
    private static final int INTERIM = 102;

    private void gone() {
        if (!isOver) lost(hasHead ? Receiver.Loss.IN_BODY : Receiver.Loss.BEFORE_HEAD);
    }

    private void lost(Receiver.Loss loss) {
        if (isOver) return;
        isOver = true;
        letGo();
        receiver.lost(loss);
    }

    @Override
    public void pause() {
        isPaused = true;
    }

    @Override
    public void resume() {
        isPaused = false;
        tellTaken();
    }

    @Override
    public void cancel() {
        isOver = true;
        letGo();
    }

    private void letGo() {
        if (stream != null) stream.close();
    }

    private void atHome(Runnable task) {
        if (home.inEventLoop()) {
            task.run();
            return;
        }
        try {
            home.execute(task);
        } catch (RejectedExecutionException stopped) {
            // The exchange is gone with its loop.
        }
    }

    /** The stream's side of the call, on the endpoint's loop. */
    private final class Answer extends ChannelInboundHandlerAdapter {
        private final PeerStream records;
        private List<HttpObject> parts = new ArrayList<>();

        Answer(PeerStream records) {
            this.records = records;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            if (!(read instanceof HttpObject part)) {
                ReferenceCountUtil.release(read);
                return;
            }
            parts.add(part);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            hand();
        }

        private void hand() {
            if (parts.isEmpty()) return;
            List<HttpObject> taken = parts;
            int bytes = records.takeArrived();
            parts = new ArrayList<>();
            try {
                home.execute(() -> take(taken, bytes));
            } catch (RejectedExecutionException stopped) {
                taken.forEach(ReferenceCountUtil::release);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event != PeerStream.Signal.ENDED) return;
            hand();
            atHome(PeerCall.this::gone);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            hand();
            atHome(PeerCall.this::gone);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
