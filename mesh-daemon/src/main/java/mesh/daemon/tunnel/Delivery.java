package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import mesh.core.id.NodeId;

/**
 * The stream on which payloads are brought, at the worker that needs them: number, size, bytes, over and over. It is read
 * whatever comes, so that it never fills the window of the connection; what is not kept is thrown away. Owned by the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Delivery extends ChannelInboundHandlerAdapter {
    static final int HEAD_BYTES = 2 * Integer.BYTES;

    /** Said once: what comes will be taken. */
    private static final int TAKEN = 1;

    private final QuicStreamChannel stream;
    private final Intake.Shelf shelf;
    private final NodeId bringer;
    private long head;
    private int headBytes;
    private int number;
    private int left;
    private boolean isKept;
    private boolean hasEnded;

    private Delivery(QuicStreamChannel stream, Intake.Shelf shelf, NodeId bringer) {
        this.stream = stream;
        this.shelf = shelf;
        this.bringer = bringer;
    }

    /** Takes what comes through the stream, beginning with {@code rest}, which it takes over. */
    static void take(QuicStreamChannel stream, Intake.Shelf shelf, NodeId bringer, ByteBuf rest) {
        var delivery = new Delivery(stream, shelf, bringer);
        shelf.opened(bringer, delivery::end);
        stream.pipeline().addLast(delivery);
        stream.writeAndFlush(stream.alloc().directBuffer(1).writeByte(TAKEN));
        delivery.read(rest);
    }

    /** Throws away what comes through a stream that nobody expects. */
    static void refuse(QuicStreamChannel stream, ByteBuf rest) {
        rest.release();
        stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object read) {
                io.netty.util.ReferenceCountUtil.release(read);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                ctx.close();
            }
        });
        stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        read((ByteBuf) read);
    }

    private void read(ByteBuf bytes) {
        try {
            while (bytes.isReadable() && !hasEnded) {
                if (left == 0) readHead(bytes);
                else readPayload(bytes);
            }
        } finally {
            bytes.release();
        }
    }

    private void readHead(ByteBuf bytes) {
        head = head << 8 | bytes.readUnsignedByte();
        if (++headBytes < HEAD_BYTES) return;
        headBytes = 0;
        number = (int) (head >>> Integer.SIZE);
        left = (int) head;
        if (left <= 0 || left > Handover.PAYLOAD_BYTES_MAX) end();
        else isKept = shelf.begin(bringer, number, left);
    }

    private void readPayload(ByteBuf bytes) {
        ByteBuf piece = bytes.readSlice(Math.min(left, bytes.readableBytes()));
        left -= piece.readableBytes();
        if (isKept) isKept = shelf.add(bringer, number, piece);
    }

    /** What still comes is thrown away, so that the far side's end gets through. */
    private void end() {
        if (hasEnded) return;
        hasEnded = true;
        if (stream.isActive()) stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) end();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
