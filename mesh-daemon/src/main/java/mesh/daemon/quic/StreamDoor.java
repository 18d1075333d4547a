package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;

/** Reads the type byte of a stream that the peer opened, asks the connection what to do, and steps aside. */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class StreamDoor extends ChannelInboundHandlerAdapter {
    private final Connection connection;

    StreamDoor(Connection connection) {
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        var bytes = (ByteBuf) read;
        if (!bytes.isReadable()) {
            bytes.release();
            return;
        }
        var stream = (QuicStreamChannel) ctx.channel();
        connection.opened(stream, bytes.readUnsignedByte());
        if (!stream.isOpen() || ctx.pipeline().last() == this) {
            // Nobody stands behind the door.
            bytes.release();
            reset(stream);
            return;
        }
        if (bytes.isReadable()) ctx.fireChannelRead(bytes);
        else bytes.release();
        ctx.pipeline().remove(this);
    }

    /** Ended before it said what it is. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) reset((QuicStreamChannel) ctx.channel());
        else ReferenceCountUtil.release(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        reset((QuicStreamChannel) ctx.channel());
    }

    static void reset(QuicStreamChannel stream) {
        if (!stream.isOpen()) return;
        stream.shutdown(StreamCode.REFUSED);
        stream.close();
    }
}
