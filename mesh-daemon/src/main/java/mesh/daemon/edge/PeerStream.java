package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseNotifier;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets HTTP believe that a stream between peers is a connection: what is written between two flushes travels as one
 * record of a length in three bytes and that many bytes, and a record of length 0 ends a direction. The end is said in
 * the frame that carries the FIN, because QUIC stacks have lost a FIN that travelled alone; a stream is never reset,
 * because the stack never gives back what a reset stream held. An end before the answer is whole means, from the side
 * that asked, that it wants no more, and from the other that there is no more. On the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class PeerStream extends ChannelDuplexHandler {
    /** What is fired as a user event. */
    enum Signal {
        /** The other side has said all it will say; once. */
        ENDED
    }

    private static final int HEAD_BYTES = 3;

    /** Far below what a length can say; one write of this size fills many packets. */
    private static final int RECORD_BYTES_MAX = 256 << 10;

    /** Below this, copying is cheaper than a buffer made of buffers. */
    private static final int COPY_BYTES_MAX = 2_048;

    /** The other side ends its direction within a round trip, or is no longer well. */
    private static final long END_MILLIS_MAX = 30_000;

    private final List<ByteBuf> gathered = new ArrayList<>();
    private final List<ChannelPromise> promises = new ArrayList<>();
    private final boolean answers;
    private int gatheredBytes;
    private boolean outEnded;
    private boolean inEnded;
    private boolean isClosing;
    private int length;
    private int lengthBytes;
    private int left;
    private @Nullable Future<?> impatience;

    /** {@code answers}: the side that was asked leaves as soon as the other has ended, for nobody listens any more. */
    PeerStream(boolean answers) {
        this.answers = answers;
    }

    // Out.

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        var bytes = (ByteBuf) message;
        if (outEnded) {
            bytes.release();
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        gathered.add(bytes);
        promises.add(promise);
        gatheredBytes += bytes.readableBytes();
        if (gatheredBytes >= RECORD_BYTES_MAX) send(ctx);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        send(ctx);
        ctx.flush();
    }

    private void send(ChannelHandlerContext ctx) {
        if (gathered.isEmpty()) return;
        var told = List.copyOf(promises);
        promises.clear();
        ByteBuf record = record(ctx);
        if (record.readableBytes() == HEAD_BYTES) {
            // Nothing but empty buffers: a record without bytes would be an end.
            record.release();
            told.forEach(ChannelPromise::trySuccess);
            return;
        }
        ctx.write(record).addListener(written -> {
            for (ChannelPromise each : told) {
                if (written.isSuccess()) each.trySuccess();
                else each.tryFailure(written.cause());
            }
        });
    }

    private ByteBuf record(ChannelHandlerContext ctx) {
        boolean isSmall = gatheredBytes <= COPY_BYTES_MAX;
        ByteBuf head = ctx.alloc().directBuffer(HEAD_BYTES + (isSmall ? gatheredBytes : 0));
        head.writeMedium(gatheredBytes);
        gatheredBytes = 0;
        if (isSmall) {
            for (ByteBuf each : gathered) {
                head.writeBytes(each);
                each.release();
            }
            gathered.clear();
            return head;
        }
        gathered.addFirst(head);
        ByteBuf record = Unpooled.wrappedBuffer(gathered.toArray(ByteBuf[]::new));
        gathered.clear();
        return record;
    }

    /** What was written goes out, then the end; the channel closes once the other side has ended too. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        isClosing = true;
        endOut(ctx);
        ctx.channel().closeFuture().addListener(new PromiseNotifier<>(promise));
        if (!ctx.channel().isActive()) return;
        ctx.channel().config().setAutoRead(true);
        if (impatience == null)
            impatience = ctx.executor().schedule(() -> ctx.close(), END_MILLIS_MAX, TimeUnit.MILLISECONDS);
    }

    private void endOut(ChannelHandlerContext ctx) {
        if (outEnded) return;
        send(ctx);
        outEnded = true;
        ByteBuf end = ctx.alloc().directBuffer(HEAD_BYTES).writeMedium(0);
        ctx.writeAndFlush(new DefaultQuicStreamFrame(end, true));
    }

    // In.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        var bytes = (ByteBuf) read;
        try {
            while (bytes.isReadable() && !inEnded && !isClosing) {
                if (left == 0) readLength(ctx, bytes);
                else {
                    int count = Math.min(left, bytes.readableBytes());
                    left -= count;
                    ctx.fireChannelRead(bytes.readRetainedSlice(count));
                }
            }
        } finally {
            bytes.release();
        }
    }

    private void readLength(ChannelHandlerContext ctx, ByteBuf bytes) {
        length = length << 8 | bytes.readUnsignedByte();
        if (++lengthBytes < HEAD_BYTES) return;
        left = length;
        length = 0;
        lengthBytes = 0;
        if (left == 0) endIn(ctx);
    }

    private void endIn(ChannelHandlerContext ctx) {
        if (inEnded) return;
        inEnded = true;
        if (answers) {
            endOut(ctx);
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(Signal.ENDED);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) endIn(ctx);
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (impatience != null) impatience.cancel(false);
        outEnded = true;
        gathered.forEach(ByteBuf::release);
        gathered.clear();
        promises.forEach(each -> each.tryFailure(new ClosedChannelException()));
        promises.clear();
        ctx.fireChannelInactive();
    }

    /** The far side's stack reset the stream, or its connection failed. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
