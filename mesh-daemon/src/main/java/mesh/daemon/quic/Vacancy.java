package mesh.daemon.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells a program that is gone from a path that is silent: rings at an address with a datagram that nobody answers, and
 * hears when the system there says that no program has the port (ICMP port unreachable, which only a connected socket is
 * told of). A machine without power, a pulled cable and a firewall say nothing. Owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What cannot be sent tells nothing, as silence does.
public final class Vacancy implements AutoCloseable {
    /** Not QUIC's, and nobody listens to it. */
    static final byte RING = 13;

    private static final ByteBuf A_RING =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(1).writeByte(RING));

    private final InetSocketAddress at;
    private @Nullable Channel bell;
    private long refusedNanos;
    private boolean isRefused;
    private boolean isClosed;

    /** @param from where this node's own socket is bound, so that the way is the same */
    public Vacancy(EventLoop loop, InetAddress from, InetSocketAddress at) {
        this.at = at;
        new Bootstrap()
                .group(loop)
                .channel(EpollDatagramChannel.class)
                .handler(new Hearing())
                .connect(at, new InetSocketAddress(from, 0))
                .addListener((ChannelFuture connected) -> {
                    if (isClosed) connected.channel().close();
                    else if (connected.isSuccess()) bell = connected.channel();
                });
    }

    public InetSocketAddress at() {
        return at;
    }

    public void ring() {
        if (bell != null) bell.writeAndFlush(A_RING.duplicate(), bell.voidPromise());
    }

    /**
     * How long ago the system there first refused, or -1. Once must do, for systems say so only now and then; but a
     * firewall may say it, too, so whoever asks finds out whether the program is heard on the path that it has.
     */
    public long refusedMillis() {
        return isRefused ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - refusedNanos) : -1;
    }

    @Override
    public void close() {
        isClosed = true;
        if (bell != null) bell.close();
    }

    /** The answer to one ring is told with a read or with the next ring, whichever comes first. */
    private void heard(Throwable cause) {
        boolean isRefusal = cause instanceof PortUnreachableException
                || (cause instanceof Errors.NativeIoException failed
                        && failed.expectedErr() == Errors.ERROR_ECONNREFUSED_NEGATIVE);
        if (!isRefusal || isRefused) return;
        isRefused = true;
        refusedNanos = System.nanoTime();
    }

    private final class Hearing extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket unasked) {}

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            heard(cause);
        }
    }
}
