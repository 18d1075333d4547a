package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CoalescingBufferQueue;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseNotifier;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets HTTP believe that a stream between peers is a connection: what is written between two flushes travels as records of
 * a length in three bytes and that many bytes, and a record of length 0 ends a direction. The end is said in the frame
 * that carries the FIN, because QUIC stacks have lost a FIN that travelled alone; a stream is never reset, because the
 * stack never gives back what a reset stream held. An end before the answer is whole means, from the side that asked,
 * that it wants no more, and from the other that there is no more.
 *
 * <p>The side that asked reads at once whatever comes, and an answer never runs further ahead of its reader than a window:
 * left unread in QUIC, the answers of a few readers that stand still would fill the window that all streams of the
 * connection share. On the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class PeerStream extends ChannelDuplexHandler {
    /** What is fired as a user event. */
    enum Signal {
        /** The other side has said all it will say; once. */
        ENDED
    }

    /** On its way to a reader at most: no more than waits for one at a port, and 2.5 MB/s over 100 ms. */
    static final int WINDOW_BYTES = 256 << 10;

    private static final int HEAD_BYTES = 3;

    /** In place of a length: the reader has taken so many bytes more. */
    private static final int TAKEN_BIT = 0x80_0000;

    /** Far below what a length can say; one write of this size fills many packets. */
    private static final int RECORD_BYTES_MAX = 256 << 10;

    /** Below this, copying is cheaper than a buffer made of buffers. */
    private static final int COPY_BYTES_MAX = 2_048;

    /** The other side ends its direction within a round trip, or is no longer well. */
    private static final long END_MILLIS_MAX = 30_000;

    private final Channel stream;
    private final boolean answers;
    private final CoalescingBufferQueue waiting;

    /** What may still be sent. */
    private long credit;

    /** What may still come. */
    private int expectedBytes = WINDOW_BYTES;

    private int arrivedBytes;
    private boolean outEnded;
    private boolean inEnded;
    private boolean isClosing;
    private int length;
    private int lengthBytes;
    private int left;
    private @Nullable Future<?> impatience;

    /** {@code answers}: the side that was asked leaves as soon as the other has ended, for nobody listens any more. */
    PeerStream(Channel stream, boolean answers) {
        this.stream = stream;
        this.answers = answers;
        this.waiting = new CoalescingBufferQueue(stream);
        this.credit = answers ? WINDOW_BYTES : Long.MAX_VALUE;
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
        waiting.add(bytes, promise);
        if (waiting.readableBytes() >= RECORD_BYTES_MAX) send(ctx);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        send(ctx);
        ctx.flush();
    }

    private void send(ChannelHandlerContext ctx) {
        while (credit > 0 && !waiting.isEmpty()) {
            ChannelPromise written = ctx.newPromise();
            ByteBuf bytes = waiting.remove((int) Math.min(credit, RECORD_BYTES_MAX), written);
            credit -= bytes.readableBytes();
            if (bytes.isReadable()) {
                ctx.write(record(ctx, bytes), written);
            } else {
                // Nothing but empty buffers: a record without bytes would be an end.
                bytes.release();
                written.setSuccess();
            }
        }
    }

    private static ByteBuf record(ChannelHandlerContext ctx, ByteBuf bytes) {
        int count = bytes.readableBytes();
        boolean isSmall = count <= COPY_BYTES_MAX;
        ByteBuf head = ctx.alloc().directBuffer(HEAD_BYTES + (isSmall ? count : 0));
        head.writeMedium(count);
        if (!isSmall) return Unpooled.wrappedBuffer(head, bytes);
        head.writeBytes(bytes);
        bytes.release();
        return head;
    }

    /** What was written and waits until the reader has taken some of what it has. */
    long heldBytes() {
        return credit > 0 ? 0 : waiting.readableBytes();
    }

    /** The reader has taken so many bytes of what {@link #takeArrived} told of. Any thread. */
    void taken(int bytes) {
        try {
            stream.eventLoop().execute(() -> tell(bytes));
        } catch (RejectedExecutionException closed) {
            // The endpoint is gone, and the stream with it.
        }
    }

    private void tell(int takenBytes) {
        if (outEnded) return;
        expectedBytes += takenBytes;
        ByteBuf record = stream.alloc().directBuffer(HEAD_BYTES).writeMedium(TAKEN_BIT | takenBytes);
        stream.pipeline().context(this).writeAndFlush(record);
    }

    /** What was written goes out as far as it may, then the end; the channel closes once the other side has ended too. */
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
        waiting.releaseAndFailAll(ctx, new ClosedChannelException());
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
                    arrivedBytes += count;
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
        int said = length;
        length = 0;
        lengthBytes = 0;
        if (said == 0) endIn(ctx);
        else if (answers && (said & TAKEN_BIT) != 0) mayContinue(ctx, said ^ TAKEN_BIT);
        else expect(ctx, said);
    }

    /** Whoever answers past its window would fill our memory, and is heard no further. */
    private void expect(ChannelHandlerContext ctx, int bytes) {
        left = bytes;
        if (answers) return;
        expectedBytes -= bytes;
        if (expectedBytes < 0) endIn(ctx);
    }

    private void mayContinue(ChannelHandlerContext ctx, int bytes) {
        boolean wasHeld = heldBytes() > 0;
        credit += bytes;
        send(ctx);
        ctx.flush();
        if (wasHeld && heldBytes() == 0) ctx.fireChannelWritabilityChanged();
    }

    /** How many bytes came since this was asked last. */
    int takeArrived() {
        int arrived = arrivedBytes;
        arrivedBytes = 0;
        return arrived;
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
        waiting.releaseAndFailAll(ctx, new ClosedChannelException());
        ctx.fireChannelInactive();
    }

    /** The far side's stack reset the stream, or its connection failed. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
