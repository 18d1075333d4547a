package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Batches of packets on interfaces that do not take them. */
@SuppressWarnings("FutureReturnValueIgnored") // What becomes of a write is looked at where it goes out.
class RouterTest {
    private static final InetSocketAddress OVER_VPN = new InetSocketAddress("10.8.0.7", 4_000);
    private static final InetSocketAddress NEAR = new InetSocketAddress("192.168.1.7", 4_000);
    private static final int PACKET_BYTES = 1_350;
    private static final int EIO = -5;

    private final EmbeddedChannel socket = new EmbeddedChannel(
            new Kernel(),
            new Router(
                    "accepting",
                    new Faults(),
                    new Spin(0),
                    new Relay(Relay.Bounds.DEFAULT, nobody -> Optional.empty()),
                    new Detours(),
                    nobody -> Optional.empty(),
                    (from, bytes) -> false));

    /** The kernel's errors have their names from there. */
    @BeforeAll
    static void load() {
        Epoll.ensureAvailability();
    }

    @Test
    void afterABatchWasRefusedPacketsToThatAddressGoAlone() {
        send(OVER_VPN);
        assertThat(socket.outboundMessages()).isEmpty();

        send(OVER_VPN);
        send(NEAR);

        int[] sizes = {PACKET_BYTES, PACKET_BYTES, 300};
        for (int size : sizes) {
            DatagramPacket alone = socket.readOutbound();
            assertThat(alone).isNotInstanceOf(SegmentedDatagramPacket.class);
            assertThat(alone.content().readableBytes()).isEqualTo(size);
            assertThat(alone.recipient()).isEqualTo(OVER_VPN);
            alone.release();
        }
        DatagramPacket batch = socket.readOutbound();
        assertThat(batch).isInstanceOf(SegmentedDatagramPacket.class);
        batch.release();
    }

    private void send(InetSocketAddress to) {
        var bytes = Unpooled.buffer().writeZero(2 * PACKET_BYTES + 300);
        socket.write(new SegmentedDatagramPacket(bytes, PACKET_BYTES, to));
        socket.flush();
        socket.runPendingTasks();
    }

    private static final class Kernel extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof SegmentedDatagramPacket batch
                    && batch.recipient().equals(OVER_VPN)) {
                batch.release();
                promise.setFailure(new Errors.NativeIoException("sendmsg", EIO));
            } else ctx.write(message, promise);
        }
    }
}
