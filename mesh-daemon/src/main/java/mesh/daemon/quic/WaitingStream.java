package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.util.concurrent.Future;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import mesh.core.wire.StreamType;
import org.jspecify.annotations.Nullable;

/**
 * A stream to a peer for a thread that may wait, with a bound on what waits in either direction and on how long. One
 * thread reads and one writes; the lock is this object, under which the endpoint's loop hands bytes over.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
public final class WaitingStream implements AutoCloseable {
    /** Enough for the loop to go on while a thread is woken. */
    private static final int QUEUE_BYTES_MAX = 512 << 10;

    private static final WriteBufferWaterMark WAITING = new WriteBufferWaterMark(256 << 10, QUEUE_BYTES_MAX);

    private final long silenceMillis;
    private final ArrayDeque<ByteBuf> arrived = new ArrayDeque<>();
    private final Handler handler = new Handler();
    private int arrivedBytes;
    private boolean isEnded;
    private boolean isGone;
    private @Nullable QuicStreamChannel channel;

    private WaitingStream(Duration silence) {
        this.silenceMillis = silence.toMillis();
    }

    /** Opens a stream; {@code silence} is how long a read or write waits before it fails. */
    public static WaitingStream open(Peer peer, StreamType type, Duration silence)
            throws IOException, InterruptedException {
        var stream = new WaitingStream(silence);
        Future<QuicStreamChannel> opened = peer.open(type, stream.handler);
        if (!opened.await(silence.toMillis()) || !opened.isSuccess())
            throw new IOException("cannot open a stream to " + peer.id());
        stream.stands(opened.getNow());
        return stream;
    }

    /** Takes a stream that a peer opened; on the endpoint's loop, before its first byte is passed on. */
    private static WaitingStream taken(QuicStreamChannel channel, Duration silence) {
        var stream = new WaitingStream(silence);
        channel.pipeline().addLast(stream.handler);
        stream.stands(channel);
        return stream;
    }

    private synchronized void stands(QuicStreamChannel opened) {
        opened.config().setWriteBufferWaterMark(WAITING);
        channel = opened;
        notifyAll();
    }

    /** Fills the array; the stream ending within it is an error. */
    public void read(byte[] into) throws IOException, InterruptedException {
        for (int at = 0; at < into.length; ) {
            int count = read(into, at, into.length - at);
            if (count < 0) throw new EOFException("stream ended at byte " + at + " of " + into.length);
            at += count;
        }
    }

    /** At least one byte, or -1 at the end. */
    public synchronized int read(byte[] into, int offset, int length) throws IOException, InterruptedException {
        await(() -> !arrived.isEmpty() || isEnded || isGone, "read");
        ByteBuf first = arrived.peek();
        if (first == null) {
            if (isEnded) return -1;
            throw new IOException("stream broke off");
        }
        int count = Math.min(length, first.readableBytes());
        first.readBytes(into, offset, count);
        if (!first.isReadable()) arrived.remove().release();
        boolean wasFull = arrivedBytes >= QUEUE_BYTES_MAX;
        arrivedBytes -= count;
        QuicStreamChannel open = channel;
        if (wasFull && arrivedBytes < QUEUE_BYTES_MAX && open != null)
            open.eventLoop().execute(() -> open.config().setAutoRead(true));
        return count;
    }

    /** Hands bytes to the stream, once it has room for them; they are copied. */
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException, InterruptedException {
        await(() -> isGone || (channel != null && channel.isWritable()), "write");
        QuicStreamChannel open = channel;
        if (isGone || open == null) throw new IOException("stream broke off");
        open.writeAndFlush(Unpooled.copiedBuffer(bytes, offset, length));
    }

    /** Nothing more is written; the peer reads to the end. */
    public synchronized void end() {
        if (channel != null) channel.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
    }

    /** Lets the stream go once the peer has ended it too, as after {@link #end}; what still arrives is passed over. */
    public void finish() {
        Thread.ofVirtual().name("stream-end").start(() -> {
            try {
                var rest = new byte[QUEUE_BYTES_MAX];
                while (read(rest, 0, rest.length) >= 0) {}
            } catch (IOException | InterruptedException over) {
                // It is gone, one way or the other.
            } finally {
                close();
            }
        });
    }

    /** Runs {@code answering} for every stream that a peer opens, each on a virtual thread of its own. */
    public static BiConsumer<Peer, QuicStreamChannel> each(
            String name, Duration silence, BiConsumer<Peer, WaitingStream> answering) {
        return (peer, channel) -> {
            WaitingStream stream = taken(channel, silence);
            Thread.ofVirtual().name(name).start(() -> answering.accept(peer, stream));
        };
    }

    @Override
    public synchronized void close() {
        isGone = true;
        while (!arrived.isEmpty()) arrived.remove().release();
        if (channel != null) channel.close();
        notifyAll();
    }

    private interface Condition {
        boolean holds();
    }

    private void await(Condition condition, String what) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(silenceMillis);
        while (!condition.holds()) {
            long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (leftMillis <= 0) throw new InterruptedIOException("silent during " + what);
            wait(leftMillis);
        }
    }

    /** What the loop tells; every method takes the lock for a moment. */
    private final class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            synchronized (WaitingStream.this) {
                var bytes = (ByteBuf) read;
                if (isGone || !bytes.isReadable()) {
                    bytes.release();
                    return;
                }
                arrived.add(bytes);
                arrivedBytes += bytes.readableBytes();
                if (arrivedBytes >= QUEUE_BYTES_MAX) ctx.channel().config().setAutoRead(false);
                WaitingStream.this.notifyAll();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            synchronized (WaitingStream.this) {
                if (event == ChannelInputShutdownEvent.INSTANCE) isEnded = true;
                WaitingStream.this.notifyAll();
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            synchronized (WaitingStream.this) {
                WaitingStream.this.notifyAll();
            }
            ctx.fireChannelWritabilityChanged();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            synchronized (WaitingStream.this) {
                isGone = true;
                WaitingStream.this.notifyAll();
            }
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
