package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.function.BiConsumer;

/** Reads what a stream says first, hands it over with what came behind it, and steps aside. Owned by the loop. */
@SuppressWarnings("FutureReturnValueIgnored") // A close needs no answer.
final class HeadReader extends ChannelInboundHandlerAdapter {
    private final BiConsumer<byte[], ByteBuf> told;
    private final ByteBuf read = Unpooled.buffer();

    HeadReader(BiConsumer<byte[], ByteBuf> told) {
        this.told = told;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var bytes = (ByteBuf) message;
        read.writeBytes(bytes);
        bytes.release();
        if (read.readableBytes() < LineHead.LENGTH_BYTES) return;
        int length = read.getUnsignedShort(0);
        if (length > LineHead.BYTES_MAX) ctx.close();
        else if (read.readableBytes() >= LineHead.LENGTH_BYTES + length) {
            byte[] head = new byte[length];
            read.skipBytes(LineHead.LENGTH_BYTES).readBytes(head);
            ctx.pipeline().remove(this);
            told.accept(head, read);
        }
    }

    /** Ended before it said what it is about. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
