package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.getTensor;
import static mesh.daemon.tunnel.RpcFrames.hello;
import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcFrames.setTensor;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.core.id.ModelRef;
import mesh.core.id.Role;
import mesh.core.rpc.RpcLimits;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three real nodes: what one worker's server answers reaches the other's, with a way between the workers and without. */
@Timeout(200)
class WorkerToWorkerTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final ModelRef MODEL = new ModelRef("demo");
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 24);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int PAYLOAD_BYTES = 150_000;

    private final Random random = new Random(31);
    private TestNode host;
    private TestNode first;
    private TestNode second;
    private Handover handover;
    private RpcTunnels hosting;
    private Connection toFirst;
    private Connection toSecond;
    private volatile boolean hasWay = true;

    @BeforeEach
    void joinThreeNodes() throws Exception {
        first = new TestNode().found();
        host = new TestNode();
        second = new TestNode();
        host.join(first.invite(Role.SPLIT));
        second.join(first.invite(Role.SPLIT));
        host.dial(second);
        hosting = new RpcTunnels(host.endpoint, PATIENCE, (peer, stands) -> {});
        handover = hosting.handover();
        toFirst = new Connection(first);
        toSecond = new Connection(second);
    }

    @AfterEach
    void close() throws Exception {
        toFirst.close();
        toSecond.close();
        host.close();
        first.close();
        second.close();
    }

    @Test
    void payloadsGoDirectOnceTheHostHasSeenThemHandedOn() throws Exception {
        handOnUntilDirectIs(3 * PAYLOAD_BYTES);

        assertThat(toSecond.sent().directBytes() % PAYLOAD_BYTES).isZero();
    }

    @Test
    void withoutAWayBetweenTheWorkersAllGoesThroughTheHost() throws Exception {
        hasWay = false;

        for (int i = 0; i < 5; i++) handOn();

        assertThat(toSecond.sent().directBytes()).isZero();
        assertThat(toSecond.sent().toPeerBytes()).isGreaterThan(5 * PAYLOAD_BYTES);
    }

    @Test
    void wayThatIsLostIsDoneWithoutAndFoundAgain() throws Exception {
        handOnUntilDirectIs(PAYLOAD_BYTES);

        first.peer(second).drop("lost");
        long before = toSecond.sent().directBytes();

        handOnUntilDirectIs(before + 3 * PAYLOAD_BYTES);
    }

    /** From the first worker to the second, unless there is none. */
    private RpcTunnels.Way between() {
        RpcTunnels.Way way = way(first, second);
        return new RpcTunnels.Way() {
            @Override
            public Optional<Peer> peer() {
                return hasWay ? way.peer() : Optional.empty();
            }

            @Override
            public void seek() {
                if (hasWay) way.seek();
            }
        };
    }

    private static RpcTunnels.Way way(TestNode from, TestNode to) {
        return new RpcTunnels.Way() {
            @Override
            public Optional<Peer> peer() {
                return from.endpoint.peer(to.endpoint.id());
            }

            @Override
            public void seek() {
                from.endpoint.dial(to.endpoint.id(), List.of(to.endpoint.address()), Optional.empty(), reached -> {});
            }
        };
    }

    private void handOnUntilDirectIs(long bytes) throws IOException {
        // On a machine so slow that three payloads in a row come late the workers are left alone for a minute.
        long deadline = System.nanoTime() + Duration.ofSeconds(150).toNanos();
        while (toSecond.sent().directBytes() < bytes) {
            assertThat(System.nanoTime()).as("%s", toSecond.sent()).isLessThan(deadline);
            handOn();
        }
    }

    /** As llama-server does: fetched here, written there. */
    private void handOn() throws IOException {
        byte[] data = new byte[PAYLOAD_BYTES];
        random.nextBytes(data);
        byte[] asked = getTensor("l_out-5", PAYLOAD_BYTES);
        byte[] answer = ByteBuffer.allocate(8 + PAYLOAD_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(PAYLOAD_BYTES)
                .put(data)
                .array();
        toFirst.client.getOutputStream().write(asked);
        assertThat(toFirst.server.getInputStream().readNBytes(asked.length)).isEqualTo(asked);
        toFirst.server.getOutputStream().write(answer);
        assertThat(toFirst.client.getInputStream().readNBytes(answer.length)).isEqualTo(answer);
        byte[] set = setTensor("RPC1#l_out-5#0", 0, data);
        toSecond.client.getOutputStream().write(set);
        assertThat(toSecond.server.getInputStream().readNBytes(set.length)).isEqualTo(set);
    }

    /** One worker's lease and server, and the host's connection to it. */
    private final class Connection implements AutoCloseable {
        final ServerSocket listener = new ServerSocket(0, 16, LOOPBACK);
        final Tunnels.Entry entry;
        final Socket client;
        final Socket server;

        Connection(TestNode worker) throws IOException {
            var lending = new RpcTunnels(worker.endpoint, PATIENCE, (peer, stands) -> {});
            worker.endpoint.takes(StreamType.RPC, lending::answer);
            var address = new InetSocketAddress(LOOPBACK, listener.getLocalPort());
            lending.lend(
                    MODEL, host.endpoint.id(), LIMITS, Optional.empty(), () -> Optional.of(address), mate -> between());
            entry = hosting.enter(MODEL, LIMITS, Optional.empty(), way(host, worker), Optional.of(handover));
            client = new Socket(LOOPBACK, entry.address().getPort());
            client.getOutputStream().write(request(14, new byte[24]));
            server = listener.accept();
            server.getInputStream().readNBytes(33);
            server.getOutputStream().write(hello());
            client.getInputStream().readNBytes(36);
        }

        Meter.Reading sent() {
            return entry.meter().read();
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            entry.close();
            listener.close();
        }
    }
}
