package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream into messages, each with its length in four bytes before it. Holds one message at most, none longer
 * than its bound, and gives up on one that was begun and does not arrive. Runs on the endpoint's loop.
 */
final class Frames extends ChannelInboundHandlerAdapter {
    static final int HEAD_BYTES = Integer.BYTES;

    private static final int GROWTH_BYTES = 8_192;

    private final int bytesMax;
    private final long stallMillis;
    private final Consumer<byte[]> message;
    private final Consumer<Fault> fault;

    private int headBytes;
    private int length;
    private byte @Nullable [] body;
    private int bodyBytes;
    private @Nullable Future<?> stall;

    Frames(int bytesMax, long stallMillis, Consumer<byte[]> message, Consumer<Fault> fault) {
        this.bytesMax = bytesMax;
        this.stallMillis = stallMillis;
        this.message = message;
        this.fault = fault;
    }

    static ByteBuf frame(ByteBuf head, byte[] message) {
        return head.writeInt(message.length).writeBytes(message);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        try {
            var bytes = (ByteBuf) read;
            while (bytes.isReadable() && ctx.channel().isOpen()) {
                if (body == null) readHead(bytes);
                if (body != null) readBody(bytes);
            }
        } finally {
            ReferenceCountUtil.release(read);
        }
        watch(ctx);
    }

    private void readHead(ByteBuf bytes) {
        length = length << 8 | bytes.readUnsignedByte();
        if (++headBytes < HEAD_BYTES) return;
        if (length < 0 || length > bytesMax) {
            // Nothing behind a length that lies can be trusted.
            bytes.skipBytes(bytes.readableBytes());
            reset();
            fault.accept(Fault.FRAME_TOO_LONG);
            return;
        }
        // Grown as bytes arrive: a length alone must not cost memory.
        body = new byte[Math.min(length, GROWTH_BYTES)];
    }

    private void readBody(ByteBuf bytes) {
        byte[] filling = Objects.requireNonNull(body, "a head was read");
        int more = Math.min(length - bodyBytes, bytes.readableBytes());
        if (bodyBytes + more > filling.length) {
            filling = Arrays.copyOf(filling, Math.min(length, Math.max(filling.length * 2, bodyBytes + more)));
            body = filling;
        }
        bytes.readBytes(filling, bodyBytes, more);
        bodyBytes += more;
        if (bodyBytes < length) return;
        reset();
        message.accept(filling);
    }

    private void reset() {
        headBytes = 0;
        length = 0;
        body = null;
        bodyBytes = 0;
        if (stall != null) stall.cancel(false);
        stall = null;
    }

    private void watch(ChannelHandlerContext ctx) {
        if (headBytes > 0 && stall == null)
            stall = ctx.executor()
                    .schedule(() -> fault.accept(Fault.FRAME_STALLED), stallMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        reset();
        ctx.fireChannelInactive();
    }
}
