package mesh.daemon.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class TunnelTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private TestNode worker;
    private TestNode host;
    private ServerSocket target;
    private Tunnels workerTunnels;
    private Tunnels.Entry entry;

    @BeforeEach
    void joinTwoNodes() throws Exception {
        worker = new TestNode().found();
        host = new TestNode();
        target = new ServerSocket(0, 1_024, LOOPBACK);
        workerTunnels = new Tunnels(worker.endpoint.loop());
        var to = new InetSocketAddress(LOOPBACK, target.getLocalPort());
        worker.onStream = stream -> workerTunnels.answer(
                stream,
                head -> new String(head, StandardCharsets.UTF_8).equals("llama") ? Optional.of(to) : Optional.empty());
        host.join(worker.invite(Role.SPLIT));
        entry = new Tunnels(host.endpoint.loop())
                .enter(
                        new InetSocketAddress(LOOPBACK, 0),
                        host.peer(worker),
                        StreamType.RPC,
                        "llama".getBytes(StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() throws Exception {
        entry.close();
        target.close();
        host.close();
        worker.close();
    }

    private Socket connect() throws Exception {
        return new Socket(LOOPBACK, entry.address().getPort());
    }

    @Test
    void tcpConversationPassesThrough() throws Exception {
        try (Socket near = connect();
                Socket far = target.accept()) {
            near.getOutputStream().write("ask".getBytes(StandardCharsets.UTF_8));
            assertThat(far.getInputStream().readNBytes(3)).asString().isEqualTo("ask");
            far.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
            assertThat(near.getInputStream().readNBytes(6)).asString().isEqualTo("answer");
        }
    }

    @Test
    void halfCloseIsCarriedAndTheOtherDirectionGoesOn() throws Exception {
        try (Socket near = connect();
                Socket far = target.accept()) {
            near.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
            near.shutdownOutput();
            assertThat(far.getInputStream().readAllBytes()).asString().isEqualTo("question");
            far.getOutputStream().write("late answer".getBytes(StandardCharsets.UTF_8));
            far.shutdownOutput();
            assertThat(near.getInputStream().readAllBytes()).asString().isEqualTo("late answer");
        }
    }
}
