package mesh.daemon.tunnel;

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
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.rpc.RpcLimits;
import mesh.core.wire.StreamType;
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

    private TestNode worker;
    private TestNode host;
    private ServerSocket server;
    private RpcTunnels lending;

    @BeforeEach
    void joinTwoNodes() throws Exception {
        worker = new TestNode().found();
        host = new TestNode();
        server = new ServerSocket(0, 16, LOOPBACK);
        lending = new RpcTunnels(worker.endpoint.loop());
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
        byte[] name = MODEL.name().getBytes(StandardCharsets.UTF_8);
        byte[] head = ByteBuffer.allocate(9 + name.length)
                .put((byte) 1)
                .putLong(7)
                .put(name)
                .array();

        try (Tunnels.Entry entry =
                        plain.enter(new InetSocketAddress(LOOPBACK, 0), host.peer(worker), StreamType.RPC, head);
                Socket near = new Socket(LOOPBACK, entry.address().getPort());
                Socket far = greet(near)) {
            near.getOutputStream().write(request(20, new byte[80]));

            assertThatThrownBy(() -> {
                        int heard = far.getInputStream().read();
                        if (heard >= 0) throw new AssertionError("the server heard " + heard);
                        throw new IOException("closed");
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    private RpcTunnels.Lease lend(NodeId to) {
        var address = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        return lending.lend(MODEL, to, LIMITS, Optional.empty(), () -> Optional.of(address));
    }

    private Tunnels.Entry enter() throws IOException {
        return new RpcTunnels(host.endpoint.loop())
                .enter(MODEL, LIMITS, Optional.empty(), () -> host.endpoint.peer(worker.endpoint.id()));
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
            near.getOutputStream().write(request(14, new byte[24]));

            assertThatThrownBy(() -> {
                        if (near.getInputStream().read() < 0) throw new IOException("closed");
                    })
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> server.accept()).isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }

    private static byte[] request(int command, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) command)
                .putLong(payload.length)
                .put(payload)
                .array();
    }

    private static byte[] hello() {
        return ByteBuffer.allocate(36)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(28)
                .put((byte) 8)
                .array();
    }
}
