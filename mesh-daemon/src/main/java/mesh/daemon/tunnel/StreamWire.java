package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import mesh.daemon.quic.StreamAbort;
import org.jspecify.annotations.Nullable;

/**
 * A QUIC stream on which a {@link Line} travels. Streams are ended, never reset, since the stack does not give back what
 * a reset stream held; {@link StreamAbort} tells the far side past a full stream. Owned by the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class StreamWire extends ChannelInboundHandlerAdapter implements Line.Wire {
    /** The stream says why; only who does not read it needs the note beside it. */
    private static final long ABORT_FIRST_MILLIS = 100;

    private final QuicStreamChannel stream;
    private @Nullable Line line;
    private boolean hasEnded;
    private boolean isEnded;

    private StreamWire(QuicStreamChannel stream) {
        this.stream = stream;
    }

    /** What comes is thrown away until somebody is served. */
    static StreamWire on(QuicStreamChannel stream) {
        var wire = new StreamWire(stream);
        stream.pipeline().addLast(wire);
        return wire;
    }

    /** From now on what comes is the line's. */
    void serve(Line of) {
        line = of;
        stream.closeFuture().addListener(closed -> of.gone(this));
        StreamAbort.hear(stream, () -> of.brokenByPeer(this));
    }

    @Override
    public void write(ByteBuf frame) {
        stream.write(frame, stream.voidPromise());
    }

    @Override
    public void flush() {
        stream.flush();
    }

    @Override
    public void end(ByteBuf frame) {
        if (hasEnded || !stream.isActive()) {
            frame.release();
            return;
        }
        hasEnded = true;
        stream.writeAndFlush(new DefaultQuicStreamFrame(frame, true));
    }

    @Override
    public boolean isWritable() {
        return stream.isWritable();
    }

    @Override
    public void reading(boolean on) {
        stream.config().setAutoRead(on);
    }

    @Override
    public void leave(ByteBuf frame) {
        end(frame);
        // What still comes is thrown away, so that the far side's end gets through.
        reading(true);
        stream.eventLoop()
                .schedule(() -> AbortNote.tell(stream, () -> isEnded), ABORT_FIRST_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        Line to = line;
        if (to == null) ReferenceCountUtil.release(read);
        else to.received(this, (ByteBuf) read);
    }

    /** The far side will say nothing more here; after its own last word that is in order. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event != ChannelInputShutdownEvent.INSTANCE) return;
        isEnded = true;
        if (line != null) line.dry(this);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (line != null && ctx.channel().isWritable()) line.writable(this);
    }

    /** The far side's stack reset the stream: it will not be ended in order. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
