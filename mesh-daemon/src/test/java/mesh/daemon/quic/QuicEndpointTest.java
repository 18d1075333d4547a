package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
class QuicEndpointTest {
    @Test
    void newcomerIsAdmittedByInviteAndBothSpeak() throws Exception {
        try (var founder = new TestNode().found();
                var newcomer = new TestNode()) {
            var outcome = newcomer.join(founder.invite(Role.SPLIT));

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            assertThat(((Dialled.Reached) outcome).observed()).isEqualTo(Addresses.text(newcomer.endpoint.address()));
            eventually(() -> !founder.up.isEmpty());
            newcomer.peer(founder).post(StreamType.GOSSIP, "one".getBytes(StandardCharsets.UTF_8));
            newcomer.peer(founder).post(StreamType.GOSSIP, "two".getBytes(StandardCharsets.UTF_8));
            founder.peer(newcomer).post(StreamType.GOSSIP, "three".getBytes(StandardCharsets.UTF_8));
            assertThat(founder.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP one");
            assertThat(founder.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP two");
            assertThat(newcomer.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP three");
            assertThat(founder.peer(newcomer).role()).isEqualTo(Role.SPLIT);
        }
    }

    @Test
    void typedStreamCarriesBothWays() throws Exception {
        try (var founder = new TestNode().found();
                var newcomer = new TestNode()) {
            newcomer.join(founder.invite(Role.SPLIT));
            var hearing = new TestNode.Hearing();

            var stream =
                    newcomer.peer(founder).open(StreamType.RPC, hearing).sync().getNow();
            TestNode.say(stream, "hello");

            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello");
        }
    }

    @Test
    void membersLetEachOtherInByCertificateAlone() throws Exception {
        try (var founder = new TestNode().found();
                var first = new TestNode();
                var second = new TestNode()) {
            first.join(founder.invite(Role.SERVE));
            second.join(founder.invite(Role.CLIENT));
            founder.endpoint.close();

            var outcome = second.dial(first);

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            assertThat(second.peer(first).role()).isEqualTo(Role.SERVE);
        }
    }

    @Test
    void simultaneousDialsSettleOnOneConnection() throws Exception {
        try (var rounds = Executors.newVirtualThreadPerTaskExecutor()) {
            var pairs = Collections.nCopies(8, (Callable<Void>) QuicEndpointTest::dialEachOther);
            for (var pair : rounds.invokeAll(pairs)) pair.get();
        }
    }

    private static Void dialEachOther() throws Exception {
        var mesh = NodeKey.fresh();
        try (var one = new TestNode().belong(mesh, Role.SPLIT);
                var two = new TestNode().belong(mesh, Role.SPLIT)) {
            var done = new CompletableFuture<Dialled>();
            one.endpoint.dial(two.key.id(), List.of(two.endpoint.address()), Optional.empty(), done::complete);
            assertThat(two.dial(one)).isInstanceOf(Dialled.Reached.class);
            assertThat(done.get(20, TimeUnit.SECONDS)).isInstanceOf(Dialled.Reached.class);
            var hearing = new TestNode.Hearing();
            var stream = two.peer(one).open(StreamType.RPC, hearing).sync().getNow();

            // The stream may run on the connection that goes; it is not cut.
            TestNode.say(stream, "kept");
            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("kept");
            stream.close().sync();
            eventually(() -> one.peer(two).connections().size() == 1
                    && two.peer(one).connections().size() == 1);
            assertThat(one.up).hasSize(1);
            assertThat(two.up).hasSize(1);
            assertThat(one.down).isEmpty();
        }
        return null;
    }

    @Test
    void restartedPeerReplacesItsEarlierSelfAtOnce() throws Exception {
        var mesh = NodeKey.fresh();
        var key = NodeKey.fresh();
        try (var stays = new TestNode().belong(mesh, Role.SPLIT);
                var before = new TestNode(TestNode.loopback(), key).belong(mesh, Role.SPLIT);
                var after = new TestNode(TestNode.loopback(), key).belong(mesh, Role.SPLIT)) {
            stays.dial(before);

            assertThat(after.dial(stays)).isInstanceOf(Dialled.Reached.class);

            assertThat(stays.down.poll(10, TimeUnit.SECONDS)).isEqualTo("restarted");
            eventually(() -> stays.up.size() == 2);
            assertThat(stays.endpoint
                            .peer(key.id())
                            .orElseThrow()
                            .path()
                            .orElseThrow()
                            .address())
                    .isEqualTo(after.endpoint.address());
        }
    }

    @Test
    void firstAddressWithTheRightKeyIsKept() throws Exception {
        var mesh = NodeKey.fresh();
        try (var wanted = new TestNode().belong(mesh, Role.SPLIT);
                var other = new TestNode().belong(mesh, Role.SPLIT);
                var dialler = new TestNode().belong(mesh, Role.SPLIT)) {
            var silent = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

            var outcome = dialler.dial(wanted.key.id(), silent, other.endpoint.address(), wanted.endpoint.address());

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            assertThat(dialler.peer(wanted).path().orElseThrow().address()).isEqualTo(wanted.endpoint.address());
            assertThat(other.up).isEmpty();
        }
    }

    @Test
    void silentAddressIsGivenUpInItsTime() throws Exception {
        try (var dialler = new TestNode(TestNode.loopback().withTimes(1_000, 3_000, 700)).found()) {
            var silent = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

            assertThat(dialler.dial(NodeKey.fresh().id(), silent)).isEqualTo(new Dialled.Unreachable("timed_out"));
        }
    }

    @Test
    void twoHundredHandshakesAtOnceAllSucceed() throws Exception {
        var mesh = NodeKey.fresh();
        var nodes = new ArrayList<TestNode>();
        try (var host = new TestNode().belong(mesh, Role.ADMIN)) {
            for (int i = 0; i < 200; i++) nodes.add(new TestNode().belong(mesh, Role.CLIENT));
            var outcomes = new LinkedBlockingQueue<Dialled>();

            for (TestNode each : nodes)
                each.endpoint.dial(host.key.id(), List.of(host.endpoint.address()), Optional.empty(), outcomes::add);

            for (int i = 0; i < 200; i++)
                assertThat(outcomes.poll(40, TimeUnit.SECONDS)).isInstanceOf(Dialled.Reached.class);
            eventually(() -> host.endpoint.peers().size() == 200);
            assertThat(host.up).hasSize(200);
        } finally {
            nodes.parallelStream().forEach(TestNode::close);
        }
    }

    @Test
    void pathIsMeasuredAndALostPeerIsNoticed() throws Exception {
        var mesh = NodeKey.fresh();
        var config = TestNode.loopback().withTimes(100, 1_200, 2_000);
        try (var one = new TestNode(config).belong(mesh, Role.SPLIT);
                var two = new TestNode(config).belong(mesh, Role.SPLIT)) {
            one.dial(two);
            eventually(() -> one.peer(two).path().orElseThrow().rttMicros() > 0);

            // A loop that stands still answers nothing, as a stopped process does.
            var release = new CountDownLatch(1);
            two.endpoint.loop().execute(() -> {
                try {
                    release.await();
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            });

            assertThat(one.down.poll(10, TimeUnit.SECONDS)).isEqualTo("timed_out");
            release.countDown();
        }
    }

    @Test
    void slowPeerLosesMessagesInsteadOfFillingMemory() throws Exception {
        var mesh = NodeKey.fresh();
        try (var one = new TestNode().belong(mesh, Role.SPLIT);
                var two = new TestNode().belong(mesh, Role.SPLIT)) {
            one.dial(two);
            var release = new CountDownLatch(1);
            two.endpoint.loop().execute(() -> {
                try {
                    release.await();
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            });

            byte[] message = new byte[64 << 10];
            for (int i = 0; i < 2_000; i++) one.peer(two).post(StreamType.GOSSIP, message);

            eventually(() -> one.endpoint.faults().of(Fault.QUEUE_FULL) > 100);
            release.countDown();
        }
    }
}
