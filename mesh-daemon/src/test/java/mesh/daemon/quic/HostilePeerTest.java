package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers and strangers that do not keep to the protocol: counted, closed, and the honest peer beside them is served. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel, and that is heard.
class HostilePeerTest {
    private static final long SEED = 20_260_101;

    private TestNode victim;
    private TestNode honest;
    private TestNode hostile;

    @BeforeEach
    void openThreeNodes() throws Exception {
        victim = new TestNode(TestNode.loopback().withTimes(1_000, 10_000, 1_500)).found();
        honest = new TestNode();
        hostile = new TestNode();
        honest.join(victim.invite(Role.SPLIT));
    }

    @AfterEach
    void honestPeerIsStillServed() throws Exception {
        var hearing = new TestNode.Hearing();
        TestNode.say(honest.peer(victim).open(StreamType.RPC, hearing).sync().getNow(), "still there");
        assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("still there");
        assertThat(victim.down).doesNotContain("timed_out");
        hostile.close();
        honest.close();
        victim.close();
    }

    /** A connection on which TLS is done and nothing was said. */
    private Connection connected() throws Exception {
        var done = new CompletableFuture<Connection>();
        hostile.endpoint.onLoop(() -> {
            var connection = new Connection(hostile.endpoint, true);
            hostile.endpoint
                    .connect(victim.endpoint.address(), victim.key.id(), connection)
                    .addListener(connecting -> {
                        connection.identified();
                        done.complete(connection);
                    });
        });
        return done.get(10, TimeUnit.SECONDS);
    }

    private QuicStreamChannel open(Connection connection, StreamType type) throws Exception {
        var opened = new CompletableFuture<QuicStreamChannel>();
        hostile.endpoint.onLoop(() -> connection.open(type, new Deaf()).addListener(done -> {
            if (done.isSuccess()) opened.complete((QuicStreamChannel) done.getNow());
            else opened.completeExceptionally(done.cause());
        }));
        return opened.get(10, TimeUnit.SECONDS);
    }

    private void assertCloses(Connection connection, Fault fault) {
        eventually(() ->
                victim.endpoint.faults().of(fault) > 0 && !connection.channel().isActive());
    }

    @Test
    void connectionCanBeGivenUpAtAnyMomentOfItsHandshake() throws Exception {
        for (int micros = 0; micros < 20_000; micros += 100) {
            var closed = new CompletableFuture<Void>();
            long delay = micros;
            hostile.endpoint.onLoop(() -> {
                var connection = new Connection(hostile.endpoint, true);
                hostile.endpoint.connect(victim.endpoint.address(), victim.key.id(), connection);
                connection.channel().closeFuture().addListener(done -> closed.complete(null));
                hostile.endpoint
                        .loop()
                        .schedule(() -> connection.close(CloseCode.SHUTDOWN, "shutdown"), delay, TimeUnit.MICROSECONDS);
            });
            closed.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void anythingBeforeAdmissionClosesTheConnection() throws Exception {
        var connection = connected();

        open(connection, StreamType.HTTP);

        assertCloses(connection, Fault.STREAM_BEFORE_ADMISSION);
    }

    @Test
    void secondAdmissionStreamClosesTheConnection() throws Exception {
        var connection = connected();

        open(connection, StreamType.ADMIT);
        open(connection, StreamType.ADMIT);

        assertCloses(connection, Fault.STREAM_BEFORE_ADMISSION);
    }

    @Test
    void lyingLengthClosesTheConnection() throws Exception {
        var connection = connected();

        var stream = open(connection, StreamType.ADMIT);
        stream.writeAndFlush(Unpooled.copyInt(0x7fff_ffff));

        assertCloses(connection, Fault.FRAME_TOO_LONG);
    }

    @Test
    void halfAHelloIsNotWaitedFor() throws Exception {
        var connection = connected();

        var stream = open(connection, StreamType.ADMIT);
        stream.writeAndFlush(Unpooled.copyInt(400));

        eventually(() -> !connection.channel().isActive());
        var faults = victim.endpoint.faults();
        assertThat(faults.of(Fault.FRAME_STALLED) + faults.of(Fault.ADMISSION_STALLED))
                .isPositive();
    }

    @Test
    void silenceIsNotWaitedFor() throws Exception {
        var connection = connected();

        assertCloses(connection, Fault.ADMISSION_STALLED);
    }

    @Test
    void messageBegunAndNotFinishedIsGivenUp() throws Exception {
        hostile.join(victim.invite(Role.SERVE));

        var stream =
                hostile.peer(victim).open(StreamType.GOSSIP, new Deaf()).sync().getNow();
        stream.writeAndFlush(Unpooled.copyInt(400));

        eventually(() -> victim.endpoint.faults().of(Fault.FRAME_STALLED) == 1);
    }

    @Test
    void anotherProtocolIsRefusedInItsHandshake() throws Exception {
        var stranger = NodeKey.fresh();
        try (var other = new TestNode(
                TestNode.loopback().withTimes(500, 1_500, 1_500), stranger, new Tls(stranger, "other/1"))) {
            var outcome = other.dial(victim);

            assertThat(outcome).isInstanceOf(Dialled.Unreachable.class);
            eventually(() -> victim.endpoint.faults().of(Fault.HANDSHAKE_FAILED) == 1);
        }
    }

    @Test
    void clientCannotAnnounce() throws Exception {
        hostile.join(victim.invite(Role.CLIENT));

        hostile.peer(victim).post(StreamType.GOSSIP, new byte[] {(byte) 0x82, 4, 17});

        eventually(() -> victim.endpoint.faults().of(Fault.ROLE_TOO_LOW) == 1);
        assertThat(victim.messages).isEmpty();
    }

    @Test
    void oversizedMessageIsRefused() throws Exception {
        hostile.join(victim.invite(Role.SERVE));

        var stream =
                hostile.peer(victim).open(StreamType.GOSSIP, new Deaf()).sync().getNow();
        stream.writeAndFlush(Unpooled.copyInt(Connection.MESSAGE_BYTES_MAX + 1));

        eventually(() -> victim.endpoint.faults().of(Fault.FRAME_TOO_LONG) == 1);
    }

    @Test
    void unknownStreamTypesAreRefusedUntilItIsEnough() throws Exception {
        hostile.join(victim.invite(Role.SERVE));
        var connection = hostile.peer(victim).primary().orElseThrow();

        hostile.endpoint.onLoop(() -> flood(connection, 3_000, (byte) 0x77));

        eventually(() -> victim.endpoint.faults().of(Fault.UNKNOWN_STREAM) > 1_000);
        assertThat(victim.down.poll(10, TimeUnit.SECONDS)).isEqualTo("unknown_stream");
    }

    @Test
    void onePeerCannotTakeMoreStreamsThanItsShare() throws Exception {
        hostile.join(victim.invite(Role.SPLIT));
        int share = victim.endpoint.config().streamsMax();

        for (int i = 0; i < share + 10; i++) hostile.peer(victim).open(StreamType.HTTP, new Deaf());

        eventually(() -> victim.endpoint.faults().of(Fault.STREAM_FLOOD) == 10);
    }

    /** One stream after another, each reset at once. */
    private void flood(Connection connection, int streams, byte type) {
        if (streams == 0 || !connection.channel().isActive()) return;
        connection
                .channel()
                .createStream(io.netty.handler.codec.quic.QuicStreamType.BIDIRECTIONAL, new Deaf())
                .addListener(opened -> {
                    if (!opened.isSuccess()) {
                        connection
                                .channel()
                                .eventLoop()
                                .schedule(() -> flood(connection, streams, type), 1, TimeUnit.MILLISECONDS);
                        return;
                    }
                    var stream = (QuicStreamChannel) opened.getNow();
                    stream.writeAndFlush(Unpooled.directBuffer(1).writeByte(type));
                    stream.writeAndFlush(io.netty.handler.codec.quic.QuicStreamFrame.EMPTY_FIN);
                    connection.channel().eventLoop().execute(() -> flood(connection, streams - 1, type));
                });
    }

    @Test
    void garbageDatagramsChangeNothing() throws Exception {
        var random = new Random(SEED);
        try (var socket = new DatagramSocket()) {
            for (int i = 0; i < 20_000; i++) {
                byte[] bytes = new byte[random.nextInt(1_500)];
                random.nextBytes(bytes);
                if (i % 4 == 0 && bytes.length > 30) {
                    // The look of a first packet: version 1, ids of every length.
                    ByteBuffer.wrap(bytes).put((byte) 0xC3).putInt(1).put((byte) random.nextInt(24));
                }
                socket.send(new DatagramPacket(bytes, bytes.length, victim.endpoint.address()));
            }
        }

        eventually(() -> victim.endpoint.faults().of(Fault.STRAY_DATAGRAM) > 0);
        try (var newcomer = new TestNode()) {
            assertThat(newcomer.join(victim.invite(Role.CLIENT))).isInstanceOf(Dialled.Reached.class);
        }
    }

    @Test
    void randomStreamsAndDatagramsAfterTheHandshakeChangeNothing() throws Exception {
        var random = new Random(SEED);
        for (int round = 0; round < 40; round++) {
            var connection = connected();
            byte[] bytes = new byte[1 + random.nextInt(3_000)];
            random.nextBytes(bytes);
            if (round % 2 == 0) bytes[0] = (byte) StreamType.ADMIT.code();
            if (round % 4 == 0) ByteBuffer.wrap(bytes).position(1).putInt(Math.max(0, bytes.length - 5));
            hostile.endpoint.onLoop(() -> {
                connection.channel().writeAndFlush(Unpooled.copiedBuffer(bytes, 0, Math.min(9, bytes.length)));
                connection
                        .channel()
                        .createStream(io.netty.handler.codec.quic.QuicStreamType.BIDIRECTIONAL, new Deaf())
                        .addListener(opened ->
                                ((QuicStreamChannel) opened.getNow()).writeAndFlush(Unpooled.copiedBuffer(bytes)));
            });
        }

        assertThat(victim.up).hasSizeLessThanOrEqualTo(1);
        eventually(() -> victim.endpoint.peers().size() == 1);
    }

    /** Says nothing and minds nothing. */
    private static final class Deaf extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(io.netty.channel.ChannelHandlerContext ctx, Object read) {
            io.netty.util.ReferenceCountUtil.release(read);
        }

        @Override
        public void exceptionCaught(io.netty.channel.ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        @Override
        public void userEventTriggered(io.netty.channel.ChannelHandlerContext ctx, Object event) {
            if (event == io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE) ctx.close();
        }
    }
}
