package mesh.daemon.quic;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * First handler of every stream. Makes {@code close()} mean what a reader expects: input that nobody will read is
 * refused, and the connection forgets the stream. Runs on the endpoint's loop.
 *
 * <p>Netty 4.2.18 keeps a stream in its connection's table until it has read a FIN, so that one that was reset or closed
 * early stays there as long as the connection lives; a peer could fill the heap by resetting streams. The table's own
 * method is called here in that case. A test fails if a later version no longer has it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class StreamGuard extends ChannelDuplexHandler {
    private static final MethodHandle FORGET = forget();

    private final Connection connection;
    private boolean endedByPeer;

    StreamGuard(Connection connection) {
        this.connection = connection;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) endedByPeer = true;
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        var stream = (QuicStreamChannel) ctx.channel();
        if (!stream.isInputShutdown()) stream.shutdownInput(StreamCode.CLOSED);
        ctx.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        var stream = (QuicStreamChannel) ctx.channel();
        try {
            FORGET.invoke(stream.parent(), stream.streamId());
        } catch (Throwable changed) {
            throw new IllegalStateException("forget a closed stream", changed);
        }
        connection.closed(stream, endedByPeer);
        ctx.fireChannelInactive();
    }

    private static MethodHandle forget() {
        try {
            Class<?> channel = Class.forName("io.netty.handler.codec.quic.QuicheQuicChannel");
            return MethodHandles.privateLookupIn(channel, MethodHandles.lookup())
                    .findVirtual(channel, "streamClosed", MethodType.methodType(void.class, long.class));
        } catch (ReflectiveOperationException changed) {
            throw new ExceptionInInitializerError(changed);
        }
    }
}
