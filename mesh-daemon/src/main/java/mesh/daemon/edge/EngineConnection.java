package mesh.daemon.edge;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** One connection to an engine: idle, or carrying exactly one call. Lives on its event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class EngineConnection extends ChannelInboundHandlerAdapter {
    private final EnginePool pool;
    private final InetSocketAddress address;
    private final Channel channel;

    private @Nullable EngineCall call;
    private long idleFromNanos;
    private boolean isReusable;

    EngineConnection(EnginePool pool, InetSocketAddress address, Channel channel) {
        this.pool = pool;
        this.address = address;
        this.channel = channel;
    }

    Channel channel() {
        return channel;
    }

    InetSocketAddress address() {
        return address;
    }

    void carry(EngineCall next) {
        call = next;
    }

    void isIdleFrom(long nowNanos) {
        idleFromNanos = nowNanos;
    }

    long idleNanos(long nowNanos) {
        return nowNanos - idleFromNanos;
    }

    /** Ends the connection without telling the call. */
    void drop() {
        call = null;
        EdgeHandler.closeLater(channel);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        EngineCall carried = call;
        // What an engine says unasked, or cannot be parsed, ends the connection; channelInactive tells the call.
        if (carried == null
                || !(message instanceof HttpObject part)
                || part.decoderResult().isFailure()) {
            ReferenceCountUtil.release(message);
            ctx.close();
            return;
        }
        if (part instanceof HttpResponse head) {
            isReusable = HttpUtil.isKeepAlive(head)
                    && (HttpUtil.isContentLengthSet(head) || HttpUtil.isTransferEncodingChunked(head));
            carried.head(head);
        }
        if (part instanceof HttpContent content) {
            if (content.content().isReadable()) carried.piece(content.content());
            else content.release();
            if (content instanceof LastHttpContent) ended(carried);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (call != null) call.settled();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        pool.closed(this);
        EngineCall carried = call;
        call = null;
        if (carried != null) carried.closed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset or a decoder's refusal; either way the connection is over and channelInactive says so to the call.
        ctx.close();
    }

    private void ended(EngineCall carried) {
        call = null;
        channel.config().setAutoRead(true);
        if (isReusable) pool.release(this);
        else channel.close();
        carried.end();
    }
}
