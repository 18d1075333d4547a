package mesh.daemon.tunnel;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Two ways around Netty 4.2.18's epoll transport, each with a test that fails without it. Called on the channel's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A close needs no answer.
final class EpollSockets {
    /** Bit of epoll that asks for edges; it watches nothing by itself. */
    private static final int EDGE_TRIGGERED = 1 << 31;

    private static final MethodHandle SET_FLAG = setFlag();

    private EpollSockets() {}

    /**
     * Closes after all events of this round were handled. A number freed within a round may be given to the next socket at
     * once, and an event that was already fetched for the old one would then hit the new one and break it.
     */
    static void closeLater(Channel channel) {
        channel.eventLoop().execute(channel::close);
    }

    /** As a TCP reset, see {@link #closeLater}. */
    static void resetLater(SocketChannel channel) {
        if (!channel.isOpen()) return;
        channel.config().setAutoRead(false);
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        closeLater(channel);
    }

    /**
     * Lets a channel write on after its input has ended. Once nothing is left to watch, Netty takes the socket out of
     * epoll and believes it to be there still; the first write that has to wait then fails and closes the channel. With
     * this flag something is always left.
     */
    static void keepRegistered(Channel channel) {
        try {
            SET_FLAG.invoke(channel, EDGE_TRIGGERED);
        } catch (Throwable changed) {
            throw new IllegalStateException("keep a half-closed socket registered", changed);
        }
    }

    private static MethodHandle setFlag() {
        try {
            Class<?> channel = Class.forName("io.netty.channel.epoll.AbstractEpollChannel");
            return MethodHandles.privateLookupIn(channel, MethodHandles.lookup())
                    .findVirtual(channel, "setFlag", MethodType.methodType(void.class, int.class));
        } catch (ReflectiveOperationException changed) {
            throw new ExceptionInInitializerError(changed);
        }
    }
}
