package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamType;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Hello;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Chance against the accept path, from a seed: whole packets that were really sent, and broken ones; then real handshakes
 * with broken admissions behind them. Nobody is let in and the honest peer is served. {@code -Dfuzz.millis} and
 * {@code -Dfuzz.seed} make it longer and different.
 */
@Timeout(600)
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel, and that is heard.
class AcceptFuzzTest {
    private static final long FUZZ_NANOS = TimeUnit.MILLISECONDS.toNanos(Integer.getInteger("fuzz.millis", 2_000));
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_121);

    private final Random random = new Random(SEED);
    private TestNode victim;
    private TestNode honest;

    @BeforeEach
    void openTwoNodes() throws Exception {
        victim = new TestNode(TestNode.loopback().withTimes(1_000, 10_000, 1_500)).found();
        honest = new TestNode();
        honest.join(victim.invite(Role.SPLIT));
    }

    @AfterEach
    void nobodyElseIsInAndTheHonestPeerIsServed() throws Exception {
        var hearing = new TestNode.Hearing();
        TestNode.say(honest.peer(victim).open(StreamType.RPC, hearing).sync().getNow(), "still there");
        assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).as("seed %s", SEED).isEqualTo("still there");
        assertThat(victim.endpoint.peers()).as("seed %s", SEED).hasSize(1);
        assertThat(honest.down).as("seed %s", SEED).isEmpty();
        try (var newcomer = new TestNode()) {
            assertThat(newcomer.join(victim.invite(Role.CLIENT))).isInstanceOf(Dialled.Reached.class);
        }
        honest.close();
        victim.close();
    }

    @Test
    void packetsOfARealAdmissionAreWorthNothingToWhoeverSendsThemAgain() throws Exception {
        List<byte[]> recorded = admissionPackets();
        // The joiner, who was let in once, has gone.
        eventually(() -> victim.endpoint.peers().size() == 1);

        try (var socket = new DatagramSocket()) {
            for (byte[] packet : recorded) send(socket, packet);
            long until = System.nanoTime() + FUZZ_NANOS;
            while (System.nanoTime() - until < 0) {
                byte[] packet = recorded.get(random.nextInt(recorded.size())).clone();
                for (int flips = random.nextInt(4); flips > 0; flips--)
                    packet[random.nextInt(packet.length)] = (byte) random.nextInt(256);
                send(socket, random.nextInt(4) == 0 ? Arrays.copyOf(packet, random.nextInt(packet.length)) : packet);
            }
        }

        eventually(() -> victim.endpoint.faults().of(Fault.ADMISSION_STALLED) > 0);
    }

    @Test
    void brokenAdmissionsBehindRealHandshakesLetNobodyIn() throws Exception {
        byte[] hello = new Hello(
                        victim.standing().map(Doorkeeper.Standing::own),
                        Optional.of(victim.invite(Role.CLIENT)),
                        1,
                        2,
                        0,
                        "192.0.2.1:1",
                        false)
                .bytes();
        try (var hostile = new TestNode()) {
            long until = System.nanoTime() + FUZZ_NANOS;
            while (System.nanoTime() - until < 0) attack(hostile, broken(hello));
        }

        Map<String, Long> faults = victim.endpoint.faults().snapshot();
        assertThat(faults).as("seed %s", SEED).containsKeys("admission_refused", "stream_before_admission");
        eventually(() -> victim.endpoint.peers().size() == 1);
    }

    /** What a joiner really sent, as somebody on its path would see it. */
    private List<byte[]> admissionPackets() throws Exception {
        var recorded = new ArrayList<byte[]>();
        try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                var joiner = new TestNode()) {
            Thread.ofVirtual().start(() -> relay(socket, recorded));
            var through = new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
            var done = new CompletableFuture<Dialled>();
            joiner.endpoint.dial(
                    victim.key.id(), List.of(through), Optional.of(victim.invite(Role.CLIENT)), done::complete);
            assertThat(done.get(20, TimeUnit.SECONDS)).isInstanceOf(Dialled.Reached.class);
            eventually(() -> victim.endpoint.peers().size() == 2);
        }
        synchronized (recorded) {
            return List.copyOf(recorded);
        }
    }

    private void relay(DatagramSocket socket, List<byte[]> recorded) {
        InetSocketAddress far = victim.endpoint.address();
        InetSocketAddress near = far;
        var packet = new DatagramPacket(new byte[65_535], 65_535);
        try {
            while (true) {
                packet.setLength(65_535);
                socket.receive(packet);
                byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
                boolean isAnswer = packet.getSocketAddress().equals(far);
                if (!isAnswer) {
                    near = (InetSocketAddress) packet.getSocketAddress();
                    synchronized (recorded) {
                        recorded.add(bytes);
                    }
                }
                socket.send(new DatagramPacket(bytes, bytes.length, isAnswer ? near : far));
            }
        } catch (SocketException closed) {
            return;
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private void send(DatagramSocket socket, byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length, victim.endpoint.address()));
    }

    /** A first stream: any type, a length that may lie, a hello that may be cut, changed or whole. */
    private byte[] broken(byte[] hello) {
        byte[] body = hello.clone();
        for (int flips = 1 + random.nextInt(6); flips > 0; flips--)
            body[random.nextInt(body.length)] = (byte) random.nextInt(256);
        if (random.nextInt(4) == 0) body = Arrays.copyOf(body, random.nextInt(body.length));
        int length = random.nextInt(8) == 0 ? random.nextInt() : body.length;
        int type = random.nextInt(6) == 0 ? random.nextInt(256) : StreamType.ADMIT.code();
        return java.nio.ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(length)
                .put(body)
                .array();
    }

    private void attack(TestNode hostile, byte[] firstStream) throws Exception {
        boolean isEnded = random.nextBoolean();
        int datagramBytes = random.nextInt(20);
        var done = new CompletableFuture<Void>();
        hostile.endpoint.onLoop(() -> {
            var connection = new Connection(hostile.endpoint, true);
            hostile.endpoint
                    .connect(victim.endpoint.address(), victim.key.id(), connection)
                    .addListener(connected -> {
                        connection.channel().closeFuture().addListener(closed -> done.complete(null));
                        if (!connected.isSuccess()) return;
                        connection.channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[datagramBytes]));
                        connection
                                .channel()
                                .createStream(QuicStreamType.BIDIRECTIONAL, new TestNode.Hearing())
                                .addListener(opened -> {
                                    if (!opened.isSuccess()) return;
                                    var stream = (QuicStreamChannel) opened.getNow();
                                    stream.writeAndFlush(Unpooled.wrappedBuffer(firstStream));
                                    if (isEnded) stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
                                });
                        hostile.endpoint
                                .loop()
                                .schedule(() -> connection.channel().close(), 20, TimeUnit.MILLISECONDS);
                    });
        });
        done.get(20, TimeUnit.SECONDS);
    }
}
