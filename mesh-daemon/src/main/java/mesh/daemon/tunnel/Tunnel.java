package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.daemon.log.Log;
import mesh.daemon.quic.StreamAbort;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection carried through one stream. Bytes pass by reference; whoever reads is paused while the other side is
 * full, so nothing queues beyond the channels' marks. What TCP can say is said to the far end as it was: end of input as
 * end of input behind all data, a reset as a reset. Owned by the loop on which both channels run.
 *
 * <p>The stream carries a head of its opener's choosing, then records of a length in three bytes and that many bytes. Two
 * lengths end a direction: 0 as TCP's FIN, the largest as its RST. They travel in the frame that carries the FIN, because
 * QUIC stacks have lost a FIN that travelled alone. Streams are always ended, never reset, since the stack does not give
 * back what a reset stream held; {@link StreamAbort} tells the far side past a full stream.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Tunnel {
    private static final Log log = Log.of(Tunnel.class);

    static final int RECORD_HEAD_BYTES = 3;

    private static final int END = 0;
    private static final int ABORT = 0xFF_FFFF;

    /** Tells the far end what to connect to: a few names and numbers. */
    static final int HEAD_BYTES_MAX = 4_096;

    private static final int HEAD_LENGTH_BYTES = 2;

    /** First look for a reset behind a stalled reader; doubles, so that a stall of hours costs a few looks. */
    private static final long PROBE_MILLIS = 1_000;

    private final QuicStreamChannel stream;
    private final Meter meter;

    /** Read before the TCP side was there; bounded, because the stream is paused until then. */
    private final Queue<ByteBuf> early = new ArrayDeque<>();

    private @Nullable SocketChannel tcp;
    private boolean tcpEnded;
    private boolean streamEnded;
    private boolean over;
    private boolean flushing;
    private @Nullable Future<?> probe;

    Tunnel(QuicStreamChannel stream, Meter meter) {
        this.stream = stream;
        this.meter = meter;
        meter.opened();
        stream.closeFuture().addListener(closed -> streamClosed());
        StreamAbort.hear(stream, this::abort);
    }

    /** The opening side: says the head and starts to carry. */
    void enter(SocketChannel local, byte[] head) {
        if (head.length > HEAD_BYTES_MAX) throw new IllegalArgumentException("head bytes=" + head.length);
        ByteBuf first = stream.alloc().directBuffer(HEAD_LENGTH_BYTES + head.length);
        stream.writeAndFlush(first.writeShort(head.length).writeBytes(head));
        stream.pipeline().addLast(new FromStream(null));
        attach(local);
        resume();
    }

    /** The answering side: reads the head, hands it to {@code connect}, which brings the TCP side with {@link #attach}. */
    void answer(Consumer<byte[]> connect) {
        stream.pipeline().addLast(new FromStream(connect));
    }

    void attach(SocketChannel local) {
        if (over) {
            EpollSockets.resetLater(local);
            return;
        }
        tcp = local;
        local.pipeline().addLast(new FromTcp());
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) local.write(bytes, local.voidPromise());
        local.flush();
        if (streamEnded) finishTcp(local);
    }

    void resume() {
        SocketChannel local = Objects.requireNonNull(tcp, "attached");
        if (!local.isInputShutdown()) local.config().setAutoRead(true);
        stream.config().setAutoRead(true);
    }

    /** Whatever breaks breaks the whole: TCP is reset here and there, the stream ends when both directions have. */
    void abort() {
        if (over) return;
        over = true;
        meter.aborted();
        if (tcp != null) EpollSockets.resetLater(tcp);
        release();
        if (!stream.isActive()) return;
        end(ABORT);
        // What still comes is thrown away, so that the far side's end gets through.
        stream.config().setAutoRead(true);
        if (!streamEnded) AbortNote.tell(stream, () -> false);
    }

    /** Ends our direction, once. */
    private void end(int how) {
        if (tcpEnded) return;
        tcpEnded = true;
        ByteBuf record = stream.alloc().directBuffer(RECORD_HEAD_BYTES).writeMedium(how);
        stream.writeAndFlush(new DefaultQuicStreamFrame(record, true));
    }

    private void broken(Throwable cause) {
        log.debug("tunnel.broken", "stream", stream.streamId(), "cause", cause.toString());
        abort();
    }

    private void streamClosed() {
        // Both directions ended with their records: nothing was lost, TCP finishes what it has.
        if (!(tcpEnded && streamEnded)) abort();
        over = true;
        release();
        meter.closed();
    }

    private void release() {
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) bytes.release();
        if (probe != null) probe.cancel(false);
    }

    /** Everything before the end record has gone out, then FIN, and close when the other direction is done too. */
    private void finishTcp(SocketChannel local) {
        local.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFuture drained) -> {
            if (!drained.isSuccess() || !local.isActive()) return;
            local.shutdownOutput();
            if (tcpEnded) EpollSockets.closeLater(local);
        });
    }

    private void pauseStream() {
        stream.config().setAutoRead(false);
        probeLater(PROBE_MILLIS);
    }

    /** A paused stream does not show that its sender has reset it; one small read does. */
    private void probeLater(long delayMillis) {
        if (probe != null) probe.cancel(false);
        probe = stream.eventLoop()
                .schedule(
                        () -> {
                            if (over || stream.config().isAutoRead()) return;
                            stream.read();
                            probeLater(delayMillis * 2);
                        },
                        delayMillis,
                        TimeUnit.MILLISECONDS);
    }

    /** From the TCP side into the stream. */
    private final class FromTcp extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            var bytes = (ByteBuf) read;
            int count = bytes.readableBytes();
            if (count == 0 || !stream.isActive()) {
                bytes.release();
                return;
            }
            meter.toPeer(count);
            ByteBuf head = ctx.alloc().directBuffer(RECORD_HEAD_BYTES).writeMedium(count);
            stream.write(Unpooled.wrappedBuffer(head, bytes), stream.voidPromise());
            if (!stream.isWritable()) ctx.channel().config().setAutoRead(false);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE || tcpEnded) return;
            EpollSockets.keepRegistered(ctx.channel());
            end(END);
            if (streamEnded && ctx.channel() instanceof SocketChannel local && local.isOutputShutdown())
                EpollSockets.closeLater(local);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable()) stream.config().setAutoRead(true);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!(tcpEnded && streamEnded)) abort();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            broken(cause);
        }
    }

    /** From the stream into the TCP side. */
    private final class FromStream extends ChannelInboundHandlerAdapter {
        private @Nullable Consumer<byte[]> connect;
        private int headLength;
        private int headLengthBytes;
        private byte @Nullable [] head;
        private int headBytes;
        private int length;
        private int lengthBytes;
        private int left;

        FromStream(@Nullable Consumer<byte[]> connect) {
            this.connect = connect;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            var bytes = (ByteBuf) read;
            try {
                while (bytes.isReadable() && !over && !streamEnded) {
                    if (connect != null) readHead(bytes);
                    else if (left == 0) readLength(bytes);
                    else carry(bytes);
                }
            } finally {
                bytes.release();
            }
            if (over) return;
            SocketChannel local = tcp;
            if (connect == null && (local == null || !local.isWritable())) pauseStream();
            if (streamEnded && local != null) finishTcp(local);
        }

        private void readHead(ByteBuf bytes) {
            if (headLengthBytes < HEAD_LENGTH_BYTES) {
                headLength = headLength << 8 | bytes.readUnsignedByte();
                headLengthBytes++;
                if (headLengthBytes == HEAD_LENGTH_BYTES && headLength > HEAD_BYTES_MAX) {
                    abort();
                    return;
                }
            }
            if (headLengthBytes < HEAD_LENGTH_BYTES) return;
            byte[] filling = head == null ? new byte[headLength] : head;
            head = filling;
            int more = Math.min(headLength - headBytes, bytes.readableBytes());
            bytes.readBytes(filling, headBytes, more);
            headBytes += more;
            if (headBytes < headLength) return;
            Consumer<byte[]> told = Objects.requireNonNull(connect, "the head is read once");
            connect = null;
            told.accept(filling);
        }

        private void readLength(ByteBuf bytes) {
            length = length << 8 | bytes.readUnsignedByte();
            if (++lengthBytes < RECORD_HEAD_BYTES) return;
            left = length;
            length = 0;
            lengthBytes = 0;
            if (left == END) streamEnded = true;
            if (left == ABORT) {
                streamEnded = true;
                abort();
            }
        }

        private void carry(ByteBuf bytes) {
            int count = Math.min(left, bytes.readableBytes());
            left -= count;
            ByteBuf piece = bytes.readSlice(count);
            meter.fromPeer(count);
            SocketChannel local = tcp;
            if (local == null) early.add(piece.retain());
            else local.write(piece.retain(), local.voidPromise());
        }

        /** QUIC delivers packet by packet; one flush for all that arrived together saves a system call for each. */
        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (flushing || tcp == null) return;
            flushing = true;
            ctx.channel().eventLoop().execute(() -> {
                flushing = false;
                if (tcp != null) tcp.flush();
            });
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE || streamEnded) return;
            streamEnded = true;
            abort();
        }

        /** Reads are not switched on again where input has ended: epoll would fail and close the channel. */
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable() && tcp != null && !tcp.isInputShutdown())
                tcp.config().setAutoRead(true);
        }

        /** The far side's stack reset the stream: it will not be ended in order. */
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            broken(cause);
            ctx.close();
        }
    }
}
