package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.hello;
import static mesh.daemon.tunnel.RpcFrames.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.rpc.RpcLimits;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets through to an rpc-server, and with what; hosts here are hostile or at least not meant. */
@Timeout(60)
class RpcTunnelsTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final ModelRef MODEL = new ModelRef("demo");
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 20);
    private static final int ACCEPT_MILLIS_MAX = 300;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private TestNode worker;
    private TestNode host;
    private ServerSocket server;
    private RpcTunnels lending;

    @BeforeEach
    void joinTwoNodes() throws Exception {
        worker = new TestNode().found();
        host = new TestNode();
        server = new ServerSocket(0, 16, LOOPBACK);
        lending = new RpcTunnels(worker.endpoint, PATIENCE, (peer, stands) -> {});
        worker.endpoint.takes(StreamType.RPC, lending::answer);
        host.join(worker.invite(Role.SPLIT));
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        host.close();
        worker.close();
    }

    @Test
    void leasedHostGreetsTheServer() throws Exception {
        lend(host.endpoint.id());

        try (Tunnels.Entry entry = enter();
                Socket near = new Socket(LOOPBACK, entry.address().getPort());
                Socket far = greet(near)) {
            far.getOutputStream().write(hello());

            assertThat(near.getInputStream().readNBytes(36)).isEqualTo(hello());
        }
    }

    @Test
    void withoutALeaseNobodyReachesTheServer() throws Exception {
        assertThatNothingGetsThrough();
    }

    @Test
    void leaseOfAnotherHostLeadsNowhere() throws Exception {
        lend(worker.endpoint.id());

        assertThatNothingGetsThrough();
    }

    @Test
    void endedLeaseLeadsNowhere() throws Exception {
        lend(host.endpoint.id()).close();

        assertThatNothingGetsThrough();
    }

    /** The host's own end would stop it; a hostile host has none. */
    @Test
    void forbiddenCommandEndsTheConnectionBeforeTheServerHearsIt() throws Exception {
        lend(host.endpoint.id());
        var plain = new Tunnels(host.endpoint.loop());
        byte[] head = head(-1);

        try (Tunnels.Entry entry =
                        plain.enter(new InetSocketAddress(LOOPBACK, 0), host.peer(worker), StreamType.RPC, head);
                Socket near = new Socket(LOOPBACK, entry.address().getPort())) {
            near.getOutputStream().write(record(request(14, new byte[24])));
            Socket far = server.accept();
            far.getInputStream().readNBytes(33);
            near.getOutputStream().write(record(request(20, new byte[80])));

            assertThat(heardUntilClosed(far)).isZero();
        }
    }

    @Test
    void connectionGoesOnWhenTheWayToThePeerIsLostAndFoundAgain() throws Exception {
        lend(host.endpoint.id());

        try (Tunnels.Entry entry = enter();
                Socket near = new Socket(LOOPBACK, entry.address().getPort());
                Socket far = greet(near)) {
            far.getOutputStream().write(hello());
            near.getInputStream().readNBytes(36);
            for (int i = 0; i < 3; i++) {
                host.peer(worker).drop("lost");
                byte[] asked = request(11, new byte[] {(byte) i, 0, 0, 0});
                near.getOutputStream().write(asked);

                assertThat(far.getInputStream().readNBytes(asked.length)).isEqualTo(asked);
                byte[] answer = ByteBuffer.allocate(24)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(16)
                        .putLong(i)
                        .array();
                far.getOutputStream().write(answer);
                assertThat(near.getInputStream().readNBytes(24)).isEqualTo(answer);
            }
        }
    }

    /** Nobody else than the lease's host, and not even it by guessing. */
    @Test
    void lineThatIsNotKnownIsNotResumed() throws Exception {
        lend(host.endpoint.id());
        var plain = new Tunnels(host.endpoint.loop());
        byte[] head = head(0);

        try (Tunnels.Entry entry =
                        plain.enter(new InetSocketAddress(LOOPBACK, 0), host.peer(worker), StreamType.RPC, head);
                Socket near = new Socket(LOOPBACK, entry.address().getPort())) {
            // What this end does not understand is why.
            assertThat(heardUntilClosed(near, record(request(14, new byte[24]))))
                    .isLessThan(10);
            server.setSoTimeout(ACCEPT_MILLIS_MAX);
            assertThatThrownBy(() -> server.accept()).isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }

    @Test
    void programThatIsGoneIsNotWaitedFor() throws Exception {
        lend(host.endpoint.id());

        try (Tunnels.Entry entry = enter();
                Socket near = new Socket(LOOPBACK, entry.address().getPort());
                Socket far = greet(near)) {
            assertThat(far.isConnected()).isTrue();
            long closed = System.nanoTime();
            worker.close();

            assertThat(heardUntilClosed(near)).isZero();
            assertThat(System.nanoTime() - closed).isLessThan(PATIENCE.toNanos() / 4);
        }
    }

    /** As of a host that says it heard so much of a line that is no line; -1: of a new one. */
    private static byte[] head(long heardBytes) {
        byte[] name = MODEL.name().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(25 + name.length)
                .put((byte) 2)
                .putLong(7)
                .putLong(8)
                .putLong(heardBytes)
                .put(name)
                .array();
    }

    private static int heardUntilClosed(Socket socket) {
        return heardUntilClosed(socket, new byte[0]);
    }

    /** How much comes before the connection ends, in whichever way and be it before everything is said. */
    private static int heardUntilClosed(Socket socket, byte[] said) {
        int heard = 0;
        try {
            socket.getOutputStream().write(said);
            while (socket.getInputStream().read() >= 0) heard++;
        } catch (IOException reset) {
            return heard;
        }
        return heard;
    }

    private static byte[] record(byte[] bytes) {
        return ByteBuffer.allocate(3 + bytes.length)
                .put((byte) 0)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
    }

    private RpcTunnels.Lease lend(NodeId to) {
        var address = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        return lending.lend(MODEL, to, LIMITS, Optional.empty(), () -> Optional.of(address), mate -> toWorker());
    }

    private Tunnels.Entry enter() throws IOException {
        return new RpcTunnels(host.endpoint, PATIENCE, (peer, stands) -> {})
                .enter(MODEL, LIMITS, Optional.empty(), toWorker(), Optional.empty());
    }

    private RpcTunnels.Way toWorker() {
        return new RpcTunnels.Way() {
            @Override
            public Optional<Peer> peer() {
                return host.endpoint.peer(worker.endpoint.id());
            }

            @Override
            public void seek() {
                host.endpoint.dial(
                        worker.endpoint.id(), List.of(worker.endpoint.address()), Optional.empty(), reached -> {});
            }
        };
    }

    private Socket greet(Socket near) throws IOException {
        near.getOutputStream().write(request(14, new byte[24]));
        Socket far = server.accept();
        assertThat(far.getInputStream().readNBytes(33)).isEqualTo(request(14, new byte[24]));
        return far;
    }

    private void assertThatNothingGetsThrough() throws Exception {
        server.setSoTimeout(ACCEPT_MILLIS_MAX);
        try (Tunnels.Entry entry = enter();
                Socket near = new Socket(LOOPBACK, entry.address().getPort())) {
            assertThatThrownBy(() -> {
                        near.getOutputStream().write(request(14, new byte[24]));
                        if (near.getInputStream().read() < 0) throw new IOException("closed");
                    })
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> server.accept()).isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }
}
