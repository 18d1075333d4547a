package mesh.daemon.tunnel;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.StreamTable;
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

    @Test
    void longAnswerToAHalfClosedSlowReaderArrivesWhole() throws Exception {
        try (Socket near = connect();
                Socket far = target.accept();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            near.getOutputStream().write(1);
            near.shutdownOutput();
            assertThat(far.getInputStream().readAllBytes()).hasSize(1);
            var sent = threads.submit(() -> send(far, 3, 32 << 20));
            // The near socket is full and has to wait to be written, while its input has ended.
            var stood = new AtomicLong(-1);
            eventually(() -> stood.getAndSet(entry.meter().read().fromPeerBytes())
                            == entry.meter().read().fromPeerBytes()
                    && stood.get() > 1 << 20);

            assertThat(receive(near)).isEqualTo(sent.get());
        }
    }

    @Test
    void everyByteArrivesBothWaysUnderLoad() throws Exception {
        int connections = 8;
        int bytes = 3 << 20;
        var ends = new ArrayList<Future<String>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < connections; i++) {
                int seed = i;
                Socket near = connect();
                Socket far = target.accept();
                ends.add(threads.submit(() -> send(near, seed, bytes)));
                ends.add(threads.submit(() -> receive(far)));
                ends.add(threads.submit(() -> send(far, 100 + seed, bytes)));
                ends.add(threads.submit(() -> receive(near)));
            }
        }

        var digests = new ArrayList<String>();
        for (Future<String> end : ends) digests.add(end.get());
        // Connections are accepted in any order, so the sets are compared.
        assertThat(every(digests, 0, 4)).containsExactlyInAnyOrderElementsOf(every(digests, 1, 4));
        assertThat(every(digests, 2, 4)).containsExactlyInAnyOrderElementsOf(every(digests, 3, 4));
        assertThat(entry.meter().read().toPeerBytes()).isEqualTo((long) connections * bytes);
        assertThat(entry.meter().read().fromPeerBytes()).isEqualTo((long) connections * bytes);
        eventually(() -> entry.meter().read().open() == 0);
        assertThat(entry.meter().read().aborted()).isZero();
    }

    private static List<String> every(List<String> all, int from, int step) {
        var some = new ArrayList<String>();
        for (int i = from; i < all.size(); i += step) some.add(all.get(i));
        return some;
    }

    private static String send(Socket to, int seed, int bytes) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        var random = new Random(seed);
        byte[] chunk = new byte[20_000];
        for (int left = bytes; left > 0; ) {
            int count = Math.min(left, 1 + random.nextInt(chunk.length));
            random.nextBytes(chunk);
            digest.update(chunk, 0, count);
            to.getOutputStream().write(chunk, 0, count);
            left -= count;
        }
        to.shutdownOutput();
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String receive(Socket from) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        byte[] chunk = new byte[64 << 10];
        for (int count = from.getInputStream().read(chunk);
                count >= 0;
                count = from.getInputStream().read(chunk)) digest.update(chunk, 0, count);
        return HexFormat.of().formatHex(digest.digest());
    }

    @Test
    void resetIsCarriedAsAResetEitherWay() throws Exception {
        for (boolean nearResets : List.of(true, false)) {
            try (Socket near = connect();
                    Socket far = target.accept()) {
                near.getOutputStream().write(1);
                assertThat(far.getInputStream().read()).isEqualTo(1);
                Socket resetting = nearResets ? near : far;
                Socket seeing = nearResets ? far : near;

                reset(resetting);

                seeing.setSoTimeout(10_000);
                assertThatThrownBy(() -> seeing.getInputStream().read()).hasMessageContaining("reset");
            }
        }
        eventually(() -> entry.meter().read().open() == 0);
    }

    private static void reset(Socket socket) throws Exception {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Test
    void slowReaderStopsTheWriterAndLosesNothing() throws Exception {
        try (Socket near = connect();
                Socket far = target.accept();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            int bytes = 64 << 20;
            var sent = threads.submit(() -> send(near, 5, bytes));
            // Carried bytes stand still while nobody reads: that is the bound.
            var stood = new AtomicLong(-1);
            eventually(() -> stood.getAndSet(entry.meter().read().toPeerBytes())
                            == entry.meter().read().toPeerBytes()
                    && stood.get() > 1 << 20);
            var later = new AtomicLong();
            eventually(() -> later.incrementAndGet() > 100);

            // Stream window, both sides' marks and four kernel buffers; far below what was sent.
            assertThat(entry.meter().read().toPeerBytes()).isLessThan(48L << 20);
            assertThat(receive(far)).isEqualTo(sent.get());
        }
    }

    @Test
    void cancelPassesAStalledReader() throws Exception {
        try (Socket near = connect();
                Socket far = target.accept();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> cut = threads.submit(() -> send(near, 5, 64 << 20));
            var stood = new AtomicLong(-1);
            eventually(() -> stood.getAndSet(workerTunnels.answered().read().fromPeerBytes())
                            == workerTunnels.answered().read().fromPeerBytes()
                    && stood.get() > 1 << 20);

            reset(near);

            eventually(() -> workerTunnels.answered().read().open() == 0);
            assertThat(workerTunnels.answered().read().aborted()).isEqualTo(1);
            assertThat(far.isClosed()).isFalse();
            assertThatThrownBy(cut::get).isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void unknownHeadAndDeadTargetAreResets() throws Exception {
        try (var other = new Tunnels(host.endpoint.loop())
                        .enter(
                                new InetSocketAddress(LOOPBACK, 0),
                                host.peer(worker),
                                StreamType.RPC,
                                "else".getBytes(StandardCharsets.UTF_8));
                Socket refused = new Socket(LOOPBACK, other.address().getPort())) {
            refused.setSoTimeout(10_000);
            assertThatThrownBy(() -> refused.getInputStream().read()).hasMessageContaining("reset");
        }
        target.close();
        try (Socket dead = connect()) {
            dead.setSoTimeout(10_000);
            assertThatThrownBy(() -> dead.getInputStream().read()).hasMessageContaining("reset");
        }
    }

    @Test
    void thousandsOfShortConnectionsLeaveNothingBehind() throws Exception {
        churn(300);
        long files = files();
        int threads = Thread.activeCount();
        int streams = streams();

        churn(3_000);

        eventually(() -> entry.meter().read().open() == 0
                && workerTunnels.answered().read().open() == 0);
        eventually(() -> files() <= files + 10);
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 4);
        assertThat(streams()).isEqualTo(streams).isLessThan(10);
    }

    /** Every third ends with a reset, which is what leaks where a stack forgets to forget. */
    private void churn(int connections) throws Exception {
        byte[] chunk = new byte[100];
        for (int i = 0; i < connections; i++) {
            try (Socket near = connect();
                    Socket far = target.accept()) {
                near.getOutputStream().write(chunk);
                assertThat(far.getInputStream().readNBytes(chunk.length)).hasSize(chunk.length);
                if (i % 3 == 0) near.setSoLinger(true, 0);
            }
        }
        eventually(() -> entry.meter().read().open() == 0);
    }

    private static long files() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }

    /** Streams that both connections hold in their tables. */
    private int streams() throws Exception {
        return StreamTable.size(host.peer(worker)) + StreamTable.size(worker.peer(host));
    }
}
