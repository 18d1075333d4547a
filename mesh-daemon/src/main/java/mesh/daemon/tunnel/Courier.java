package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import mesh.core.id.ModelRef;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Peer;
import org.jspecify.annotations.Nullable;

/**
 * Brings payloads to another node through a stream of their own, opened when it is first needed and again when it was
 * lost. What it cannot bring it drops: whoever waits for it asks the host. Owned by the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Courier implements Bearer {
    private static final Log log = Log.of(Courier.class);

    /** Between two attempts to open a stream. */
    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Two of the largest payloads; the one that goes beyond it is still taken. */
    private static final int QUEUED_BYTES_MAX = 2 * Handover.PAYLOAD_BYTES_MAX;

    private final RpcTunnels.Way way;
    private final ModelRef model;
    private final long pair;

    /** Given to us while the stream was being opened. */
    private final Queue<ByteBuf> early = new ArrayDeque<>();

    private @Nullable QuicStreamChannel stream;
    private boolean isOpening;
    private boolean isTaken;
    private boolean isClosed;
    private long triedNanos = System.nanoTime() - AGAIN_NANOS;
    private int queued;
    private long queuedBytes;

    Courier(RpcTunnels.Way way, ModelRef model, long pair) {
        this.way = way;
        this.model = model;
        this.pair = pair;
    }

    /** More than one batch's payloads say that this way is too narrow to take them all. */
    @Override
    public boolean isReady(int payloadsMax) {
        if (stream == null && System.nanoTime() - triedNanos >= AGAIN_NANOS) open();
        return isTaken && queued < payloadsMax && queuedBytes <= QUEUED_BYTES_MAX / 2;
    }

    @Override
    public void bring(int number, ByteBuf payload) {
        ByteBuf head = Unpooled.buffer(Delivery.HEAD_BYTES).writeInt(number).writeInt(payload.readableBytes());
        ByteBuf frame = Unpooled.wrappedBuffer(head, payload);
        if (isClosed || queuedBytes > QUEUED_BYTES_MAX) {
            frame.release();
            return;
        }
        queued++;
        queuedBytes += frame.readableBytes();
        early.add(frame);
        if (stream == null) open();
        else sendEarly(stream);
    }

    private void open() {
        if (isOpening || isClosed) return;
        triedNanos = System.nanoTime();
        Optional<Peer> peer = way.peer().filter(known -> known.role().includes(Role.SPLIT));
        if (peer.isEmpty()) {
            way.seek();
            dropEarly();
            return;
        }
        isOpening = true;
        peer.get().open(StreamType.RPC, new Answers()).addListener(opened -> {
            isOpening = false;
            if (!opened.isSuccess()) {
                dropEarly();
                return;
            }
            var fresh = (QuicStreamChannel) opened.getNow();
            stream = fresh;
            fresh.closeFuture().addListener(closed -> lost(fresh, peer.get()));
            fresh.writeAndFlush(HandNote.streamHead(pair, model.name()));
            sendEarly(fresh);
            if (isClosed) close();
        });
    }

    private void sendEarly(QuicStreamChannel to) {
        for (ByteBuf frame = early.poll(); frame != null; frame = early.poll()) {
            int bytes = frame.readableBytes();
            to.writeAndFlush(frame).addListener(done -> gone(bytes));
        }
    }

    private void dropEarly() {
        for (ByteBuf frame = early.poll(); frame != null; frame = early.poll()) {
            gone(frame.readableBytes());
            frame.release();
        }
    }

    private void gone(int bytes) {
        queued--;
        queuedBytes -= bytes;
    }

    private void lost(QuicStreamChannel which, Peer peer) {
        if (!Objects.equals(stream, which)) return;
        stream = null;
        if (!isClosed) log.info("courier.lost", "peer", peer.id(), "model", model, "wasTaken", isTaken);
        isTaken = false;
    }

    @Override
    public void close() {
        isClosed = true;
        isTaken = false;
        dropEarly();
        if (stream != null) stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
    }

    /** The far end says one byte when it takes what is brought, and its end when it does not or no longer. */
    private final class Answers extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            ReferenceCountUtil.release(read);
            isTaken = !isClosed;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE) return;
            isTaken = false;
            ctx.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
