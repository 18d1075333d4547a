package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import mesh.core.openai.ApiError;
import mesh.core.openai.ModelPeek;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * The way in of one exchange: takes the request's body as it arrives, looks into it, bounds it, moves the excess to disk
 * and hands it over whole; or discards it once the answer is settled. Lives on the exchange's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class Intake {
    /** After a refusal this much of the body is read and dropped, so that the client sees the answer, not a reset. */
    static final long DISCARD_BYTES_MAX = 1 << 20;

    /** Once a body goes to disk it goes in steps of this size. */
    private static final long SPILL_STEP_BYTES = 1 << 20;

    /** With this much held in memory by all exchanges of a port, bodies go to disk from their first step on. */
    private static final long HELD_BYTES_MAX = 128 << 20;

    private static final Log log = Log.of(Intake.class);

    /** The scan reads arrays; network buffers lie outside the heap. */
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[65_536];
        }
    };

    private final Exchange exchange;
    private final EdgeHandler connection;
    private final ChannelHandlerContext ctx;
    private final boolean isContinueExpected;
    private final long announcedBytes;

    private @Nullable RequestBody body;
    private @Nullable ModelPeek peek;
    private Consumer<RequestBody> onWhole = whole -> {};
    private long bytesMax;
    private long bytes;
    private long discardedBytes;
    private boolean isWhole;
    private boolean isAsked;
    private boolean spills;
    private boolean isSpilling;

    Intake(Exchange exchange, EdgeHandler connection, ChannelHandlerContext ctx) {
        this.exchange = exchange;
        this.connection = connection;
        this.ctx = ctx;
        this.isContinueExpected = HttpUtil.is100ContinueExpected(exchange.request());
        this.announcedBytes = exchange.request().decoderResult().isSuccess()
                ? HttpUtil.getContentLength(exchange.request(), -1L)
                : -1;
    }

    /** Holds the body and hands it over when it is whole; it stays this exchange's and goes when that ends. */
    void hold(long bodyBytesMax, @Nullable ModelPeek look, boolean maySpill, Consumer<RequestBody> whenWhole) {
        bytesMax = bodyBytesMax;
        if (announcedBytes > bytesMax) {
            exchange.fail(ApiError.bodyTooLarge(bytesMax));
            return;
        }
        body = new RequestBody(ctx.alloc());
        peek = look;
        spills = maySpill;
        onWhole = whenWhole;
        if (isContinueExpected) connection.sendContinue();
        isAsked = true;
    }

    /** Takes over the buffer. */
    void piece(ByteBuf piece) {
        int length = piece.readableBytes();
        bytes += length;
        RequestBody held = body;
        if (held == null) {
            discard(piece);
            return;
        }
        if (bytes > bytesMax) {
            piece.release();
            exchange.fail(ApiError.bodyTooLarge(bytesMax));
            return;
        }
        ApiError fault = look(piece);
        if (fault != null) {
            piece.release();
            exchange.fail(fault);
            return;
        }
        held.add(piece);
        connection.heldBytes().addAndGet(length);
        spillIfLarge(held);
    }

    void end() {
        isWhole = true;
        if (body != null && !isSpilling) whole(body);
        exchange.requestEnded();
    }

    /** The loop's own array, for the length of one call. */
    static byte[] scratch() {
        return SCRATCH.get();
    }

    /** Puts another body in the place of the one that came in whole. */
    RequestBody replace(byte[] bytesInstead) {
        release();
        var instead = new RequestBody(ctx.alloc());
        instead.add(Unpooled.wrappedBuffer(bytesInstead));
        connection.heldBytes().addAndGet(bytesInstead.length);
        body = instead;
        return instead;
    }

    boolean isWhole() {
        return isWhole;
    }

    long bytes() {
        return bytes;
    }

    /** The client waits for leave to send its body, and was not given it. */
    boolean isUnasked() {
        return isContinueExpected && !isAsked && !isWhole;
    }

    boolean isTooLongToDiscard() {
        return !isWhole && announcedBytes - bytes > DISCARD_BYTES_MAX;
    }

    /** The exchange needs the body no more; what still comes is discarded. */
    void release() {
        RequestBody held = body;
        body = null;
        if (held == null) return;
        connection.heldBytes().addAndGet(-held.memoryBytes());
        held.release();
    }

    private void whole(RequestBody held) {
        exchange.guarded(() -> onWhole.accept(held));
    }

    private @Nullable ApiError look(ByteBuf piece) {
        ModelPeek look = peek;
        if (look == null) return null;
        int length = piece.readableBytes();
        if (piece.hasArray()) {
            int from = piece.arrayOffset() + piece.readerIndex();
            look.feed(piece.array(), from, from + length);
            return look.fault().orElse(null);
        }
        byte[] scratch = SCRATCH.get();
        for (int at = 0; at < length; at += scratch.length) {
            int step = Math.min(scratch.length, length - at);
            piece.getBytes(piece.readerIndex() + at, scratch, 0, step);
            look.feed(scratch, 0, step);
        }
        return look.fault().orElse(null);
    }

    private void discard(ByteBuf piece) {
        discardedBytes += piece.readableBytes();
        piece.release();
        if (discardedBytes > DISCARD_BYTES_MAX) ctx.close();
    }

    /** Only bodies on their way to an engine grow that large; the others are bounded far below. */
    private void spillIfLarge(RequestBody held) {
        if (!spills) return;
        boolean isCrowded = connection.heldBytes().get() > HELD_BYTES_MAX;
        long limit = held.isSpilled() || isCrowded
                ? SPILL_STEP_BYTES
                : connection.settings().bodyMemoryBytesMax();
        if (isSpilling || held.memoryBytes() <= limit) return;
        isSpilling = true;
        connection.holdReading(true);
        connection.heldBytes().addAndGet(-held.memoryBytes());
        Path file = held.spillFile(connection.settings().spillFolder(), exchange.id());
        List<ByteBuf> pieces = held.takePieces();
        Thread.ofVirtual().name("spill-" + exchange.id()).start(() -> {
            try {
                RequestBody.append(file, pieces);
                connection.onLoop(ctx, () -> spilled(held));
            } catch (IOException failure) {
                connection.onLoop(ctx, () -> spillFailed(failure));
            }
        });
    }

    private void spilled(RequestBody held) {
        isSpilling = false;
        connection.holdReading(false);
        if (body == null) {
            // The exchange ended while its body was being written: the file came after it was to be deleted.
            held.release();
            return;
        }
        spillIfLarge(held);
        if (isWhole && !isSpilling) whole(held);
    }

    private void spillFailed(IOException failure) {
        isSpilling = false;
        log.warn("body.unspilled", "id", exchange.id(), "cause", failure.toString());
        connection.holdReading(false);
        exchange.fail(ApiError.server(
                503, "no_room_for_body", "this node has no room to hold a body of this size: " + failure.getMessage()));
    }
}
